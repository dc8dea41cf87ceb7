"""Sex and age as exports write them, and the age at collection as an interval."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from pipeline.ingest.cells.value_words import EMPTY_MARKS
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words
from pipeline.knowledge.words import any_word
from schemas.vocabulary import Sex

AgeUnit = Literal["years", "months", "weeks", "days", "hours"]

_SEX_PHRASES = {
    "sex-female": "F",
    "sex-male": "M",
    "sex-unknown": "",
    "unknown": "",
    "sex-other": "?",
}


@cached_by_knowledge
def index_sexes(knowledge: Knowledge) -> dict[str, str]:
    """Prepare the words of `knowledge.phrases`: word, folded → F, M, "" or, for others, "?"."""
    return {
        fold_words(word).strip(" ."): sex
        for name, sex in _SEX_PHRASES.items()
        for word in knowledge.phrases[name].words
    } | {"": ""}


def parse_sexes(
    texts: Iterable[str], key: Mapping[str, Sex], words: Mapping[str, str]
) -> pd.DataFrame:
    """Read the distinct texts of a column of sex.

    Letters are read as the whole column uses them: M is male, but female beside H (*hombre,
    mujer*) and open beside V (*varón, mujer* or *man, vrouw*); H is male beside F (*homme,
    femme*) and open alone.

    Args:
        texts: Distinct cells of the column, all of them.
        key: What the export writes → sex, if its layout says so; needed for digits.
        words: Of `index_sexes`.

    Returns:
        One row per text with `sex` ("F", "M", "" if not known) and `code` ("",
        `sex-unreadable`, or `sex-other` for what is neither).
    """
    cells = [fold_words(text).strip(" .") for text in texts]
    by_key = {fold_words(text).strip(" ."): str(sex) for text, sex in key.items()}
    letters = {} if by_key else _read_letters({cell for cell in cells if len(cell) == 1})
    read = [_read_sex(cell, by_key, letters, words) for cell in cells]
    return pd.DataFrame(read, columns=["sex", "code"]).astype("str")


def _read_sex(
    cell: str, key: Mapping[str, str], letters: Mapping[str, str], words: Mapping[str, str]
) -> tuple[str, str]:
    if cell in key:
        return key[cell], ""
    if cell in letters:
        return letters[cell], "" if letters[cell] else "sex-other"
    sex = words.get(cell)
    if sex is None:
        return "", "sex-unreadable"
    return ("", "sex-other") if sex == "?" else (sex, "")


_HUNGARIAN = frozenset("fn")


def _read_letters(present: set[str]) -> Mapping[str, str]:
    """Say which sex each letter of a column means; a letter that stays open is left out."""
    female, male = str(Sex.FEMALE), str(Sex.MALE)
    read = {"f": female, "w": female}
    others = present & {"h", "v"}
    if not others:
        read["m"] = male
        if present <= _HUNGARIAN and "n" in present:
            # Férfi is a man, nő a woman; or N is one odd entry among women. Used, as not known.
            read["f"] = ""
    elif others == {"h"} and "m" in present and not present & {"f", "w"}:
        read |= {"m": female, "h": male}
    elif len(others) == 1 and "f" in present and "m" not in present:
        read[others.pop()] = male
    # M beside V stays open: varón and mujer, or man and vrouw.
    return read


OLDEST_YEARS = 130
"""Ages beyond are no ages but codes for "not known", such as 999."""
_MONTHS_OF = {"years": 12, "months": 1}
_HOURS_OF = {"weeks": 168, "days": 24, "hours": 1}
_UNITS: Mapping[str, AgeUnit] = {
    "age-years": "years",
    "age-years-cell": "years",
    "age-months": "months",
    "age-months-cell": "months",
    "age-weeks": "weeks",
    "age-days": "days",
    "age-days-cell": "days",
    "age-hours": "hours",
}
_NO_AGE = EMPTY_MARKS | {"", "-", "--", "?"}
_LATIN = re.compile(r"[a-z/]+")


class AgeWords(NamedTuple):
    """Units of ages and words for an age that is not known, in folded text."""

    unknown: frozenset[str]
    units: Mapping[str, AgeUnit]
    one_part: re.Pattern[str]
    two_parts: re.Pattern[str]
    """1y 3m."""
    in_header: re.Pattern[str]


@cached_by_knowledge
def index_ages(knowledge: Knowledge) -> AgeWords:
    """Prepare the words of ages."""

    def words(*kinds: str) -> list[str]:
        return [fold_words(word) for kind in kinds for word in knowledge.phrases[kind].words]

    units = {word: unit for kind, unit in _UNITS.items() for word in words(kind)}
    others = any_word(word for word in units if not _LATIN.fullmatch(word))
    not_latin = any_word(word for word in units if not word.isascii())
    part = rf"(?:{not_latin}|[a-z]+)"
    return AgeWords(
        unknown=_NO_AGE.union(words("unknown", "no-age")),
        units=units,
        one_part=re.compile(
            r"(?P<sign>[<>]=?|≥|≤)?\s*(?P<number>\d{1,5}(?:[.,]\d{1,4})?)\s*(?P<plus>\+)?\s*"
            rf"(?P<unit>{others}|{_LATIN.pattern})?\.?(?P<after>\+)?",
            re.A,
        ),
        two_parts=re.compile(
            rf"(\d{{1,3}})\s*({part})\.?,?\s*(?:{any_word(words('and'))}\s)?\s*"
            rf"(\d{{1,2}})\s*({part})\.?",
            re.A,
        ),
        in_header=re.compile(rf"{not_latin}|{_LATIN.pattern}"),
    )


# Least and most days that can pass until n months are completed, whatever the birth date.
_ALL_MONTHS = np.arange(12 * (OLDEST_YEARS + 2))
_YEARS, _REST = np.divmod(_ALL_MONTHS, 12)
_LEAST = np.array([0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334])
_MOST = np.array([0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337])
# In seven years around 1900 there was no leap day.
LEAST_DAYS = 365 * _YEARS + np.maximum(_YEARS // 4 - 1, 0) + _LEAST[_REST]
MOST_DAYS = 365 * _YEARS + (_YEARS + 3) // 4 + _MOST[_REST]


class Age(NamedTuple):
    """An age, as completed days and completed months that fit what was written."""

    age_days_low: int | None = None
    age_days_high: int | None = None
    age_months_low: int | None = None
    age_months_high: int | None = None
    code: str = ""


def age_unit_of(header: str, words: AgeWords) -> AgeUnit:
    """Give the unit of bare numbers under a header: what it names, else years."""
    named = words.in_header.findall(fold_words(header))
    units = [words.units[word] for word in named if word in words.units and len(word) > 1]
    return units[-1] if units else "years"


def parse_ages(texts: Iterable[str], words: AgeWords, bare: AgeUnit = "years") -> pd.DataFrame:
    """Read cells of an age column: `44`, `44 y`, `8m`, `12d`, `3w`, `1y 3m`, `>89`, `90+`.

    A whole number is an age completed; a fraction may have been rounded or cut.

    Args:
        texts: Cells as they stand.
        words: Of `index_ages`.
        bare: Unit of numbers without one.

    Returns:
        One row per text with `age_days_low`, `age_days_high`, `age_months_low`,
        `age_months_high` (Int64; all missing if not known, the high ends if open) and `code`
        ("" or `age-unreadable`).
    """
    frame = pd.DataFrame(
        [_read_age(text, words, bare) for text in texts], columns=list(Age._fields)
    )
    return frame.astype(dict.fromkeys(Age._fields[:-1], "Int64") | {"code": "str"})


def ages_at(birth_date: "pd.Series", collected_at: "pd.Series") -> pd.DataFrame:
    """Compute completed days and months from birth to collection, by the calendar.

    Someone born on 29 February completes a year on 1 March of years without that day.

    Returns:
        Columns `age_days` and `age_months` (Int64), missing where a date is missing. Negative
        if collected before birth.
    """
    days = (collected_at.dt.normalize() - birth_date.dt.normalize()).dt.days
    born, then = birth_date.dt, collected_at.dt
    months = (then.year - born.year) * 12 + (then.month - born.month)
    months = months - (then.day < born.day).astype("int64")
    return pd.DataFrame({"age_days": days.astype("Int64"), "age_months": months.astype("Int64")})


def _read_age(text: str, words: AgeWords, bare: AgeUnit) -> Age:
    """Read one cell."""
    cell = fold_words(text).strip(" .")
    if cell in words.unknown:
        return Age()
    if both := words.two_parts.fullmatch(cell):
        first, second = words.units.get(both[2]), words.units.get(both[4])
        if (first, second) == ("years", "months"):
            months = int(both[1]) * 12 + int(both[3])
            return _from_months(months, months)
        return Age(code="age-unreadable")
    found = words.one_part.fullmatch(cell)
    unit = words.units.get(found["unit"]) if found and found["unit"] else bare
    if not found or not unit:
        return Age(code="age-unreadable")
    written = Decimal(found["number"].replace(",", "."))
    exponent = written.as_tuple().exponent
    step = Decimal(1).scaleb(int(exponent)) if isinstance(exponent, int) else Decimal(1)
    is_whole = step == 1
    low, high = (written, written + 1) if is_whole else (written - step / 2, written + step)
    sign = found["sign"] or (">=" if found["plus"] or found["after"] else "")
    if sign.startswith(("<", "≤")):
        high, low = (written if sign == "<" else high), Decimal(0)
    open_end = sign.startswith((">", "≥"))
    return _age_between(max(low, Decimal(0)), high, unit, open_end=open_end)


def _age_between(low: Decimal, high: Decimal, unit: AgeUnit, *, open_end: bool) -> Age:
    """Give the ages from `low` up to but not including `high` of a unit."""
    if high <= low:
        return Age(code="age-unreadable")
    if unit in _MONTHS_OF:
        ends = low * _MONTHS_OF[unit], high * _MONTHS_OF[unit]
        age = _from_months(int(ends[0]), _last_before(ends[1]))
    else:
        hours = low * _HOURS_OF[unit], high * _HOURS_OF[unit]
        age = _from_days(int(hours[0] / 24), _last_before(hours[1] / 24))
    if open_end and not age.code:
        return age._replace(age_days_high=None, age_months_high=None)
    return age


def _last_before(end: Decimal) -> int:
    """Give the last whole number below an end."""
    return int(end) - (end == int(end))


def _from_months(low: int, high: int) -> Age:
    if high >= 12 * (OLDEST_YEARS + 1):
        return Age(code="age-unreadable")
    return Age(int(LEAST_DAYS[low]), int(MOST_DAYS[high + 1]) - 1, low, high)


def _from_days(low: int, high: int) -> Age:
    if high >= MOST_DAYS[-1]:
        return Age(code="age-unreadable")
    months_low = int(np.searchsorted(MOST_DAYS, low, side="right")) - 1
    months_high = int(np.searchsorted(LEAST_DAYS, high, side="right")) - 1
    return Age(low, high, months_low, months_high)
