"""Fuzz target: one cell of text through every parser of cells.

Start it with `make fuzz`; what it finds is a cell that a parser stumbles over, or reads into
something that its documentation rules out.
"""

import sys
from datetime import datetime

import atheris

with atheris.instrument_imports(include=["pipeline"]):
    from pipeline.ingest.cells import (
        dates,
        intervals,
        numbers,
        sex_and_age,
        statuses,
        units,
        value_words,
    )
    from pipeline.ingest.layout import analyte_names
    from pipeline.issues import CATALOGUE
    from pipeline.knowledge.load import load_knowledge
    from pipeline.knowledge.name_key import fold_words
    from pipeline.reconcile import identity

KNOWLEDGE = load_knowledge()
INDEX = analyte_names.index_names(KNOWLEDGE)
STATUS_WORDS = statuses.index_statuses(KNOWLEDGE)
SEX_WORDS = sex_and_age.index_sexes(KNOWLEDGE)
AGE_WORDS = sex_and_age.index_ages(KNOWLEDGE)
VALUE_WORDS = value_words.index_value_words(KNOWLEDGE)
DATE_WORDS = dates.index_dates(KNOWLEDGE)
INTERVAL_WORDS = intervals.index_intervals(KNOWLEDGE)
ANALYTES = tuple(KNOWLEDGE.analytes.values())
OURS = {*INDEX.analytes, *INDEX.said.values()}
COMPARATORS = {"", "<", "<=", ">", ">="}


def fuzz_cell(data: bytes) -> None:
    """Give one cell to one parser: the first byte chooses which, and the number of the second."""
    if len(data) < 3:
        return
    text = data[2:].decode("utf-8", "surrogateescape")
    PARSERS[data[0] % len(PARSERS)](text, data[1])


def read_result(text: str, choice: int) -> None:
    """A result is a number or has a reason why not, and is no other number in another file."""
    knows = INDEX.units.knows
    read = {sign: numbers.read_value(text, VALUE_WORDS, sign, knows) for sign in ("", ".", ",")}
    for value in read.values():
        assert (value.number is None) == bool(value.code)
        assert not value.code or value.code in CATALOGUE
        assert value.comparator in COMPARATORS
        assert value.number is None or 0 <= value.number < float("inf")
        assert value.number is None or any(digit in text for digit in "0123456789")
    if read[""].number is not None:
        table_conventions = {value.number for value in read.values()} - {None}
        assert table_conventions == {read[""].number}, "unsettled, and yet a number of its own"


def read_reference(text: str, choice: int) -> None:
    """An interval has its ends in order."""
    low, bar, high = text.partition("|")
    decimal = ("", ".", ",")[choice % 3]
    pair = numbers.read_interval(low, high if bar else "", VALUE_WORDS, decimal, INDEX.units.knows)
    if pair and None not in pair:
        assert pair[0] <= pair[1]
    ends = intervals._split_reference(text, INTERVAL_WORDS)
    assert all(isinstance(end, str) for end in ends)


def read_date(text: str, choice: int) -> None:
    """A date is one of the calendar and says how precise it is, or has a reason why not."""
    order = ("", "day-first", "month-first")[choice % 3]
    moment = dates._read(text.strip(), DATE_WORDS, order, dots_fail=bool(choice & 4))
    assert not (moment.at and moment.code)
    assert moment.at or moment.code or not text.strip()
    assert moment.code in ("", "date-unreadable", "date-ambiguous")
    if moment.at:
        assert datetime(1900, 1, 1) <= moment.at
        assert f"{moment.at:%Y}" in text, "a year that does not stand there"
        assert moment.precision in ("date", "time")


def read_person(text: str, choice: int) -> None:
    """An age is an interval, a sex is one of two or has a reason why not."""
    bare = ("years", "months", "weeks", "days", "hours")[choice % 5]
    age = sex_and_age._read_age(text, AGE_WORDS, bare)
    ends = age[:4]
    if None not in ends:
        assert 0 <= age.age_days_low <= age.age_days_high
        assert 0 <= age.age_months_low <= age.age_months_high
    assert not age.code or ends == (None,) * 4
    cells = [fold_words(cell).strip(" .") for cell in text.split("|")]
    letters = sex_and_age._read_letters({cell for cell in cells if len(cell) == 1})
    for cell in cells:
        sex, code = sex_and_age._read_sex(cell, {}, letters, SEX_WORDS)
        known = ("", "sex-unreadable", "sex-other")
        assert (sex in ("F", "M") and not code) or (not sex and code in known)


def read_unit(text: str, choice: int) -> None:
    """A unit is one that the analyte accepts, or there is a reason why not; a key is stable."""
    analyte = ANALYTES[choice % len(ANALYTES)]
    column, _, cell = text.partition("|")
    code, issue = units.resolve_unit(column, cell, analyte, INDEX.units)
    assert bool(code) != bool(issue)
    assert code in analyte.units or issue in CATALOGUE
    key = units.unit_key(text)
    assert not any(letter.isspace() for letter in key)


def read_name(text: str, choice: int) -> None:
    """A name is an analyte or observation, or has a reason why not; headers come apart."""
    name, _, rest = text.partition("|")
    unit, _, loinc = rest.partition("|")
    found = analyte_names.analyte_of(name, unit, loinc, INDEX)
    assert found.is_supported == (found.analyte in OURS)
    assert found.is_supported or found.code in CATALOGUE
    parts = analyte_names.split_header(text, INDEX)
    assert not (parts.unit and not parts.name and text.strip())
    assert all(word == word.casefold() for word in identity.name_words(text))


def read_status(text: str, choice: int) -> None:
    """A status is one of four or unknown."""
    (status,) = statuses.parse_statuses([text], STATUS_WORDS)["status"]
    assert status in ("", "final", "corrected", "preliminary", "cancelled")


PARSERS = (
    read_result,
    read_result,
    read_result,
    read_reference,
    read_date,
    read_date,
    read_person,
    read_unit,
    read_name,
    read_status,
)

if __name__ == "__main__":
    atheris.Setup(sys.argv, fuzz_cell)
    atheris.Fuzz()
