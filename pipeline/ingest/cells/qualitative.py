"""Cells that answer one question: yes or no, a number, a date; or the reason why not."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import pandas as pd

from pipeline.ingest.cells.dates import DateWords, index_dates, parse_dates
from pipeline.ingest.cells.numbers import read_value
from pipeline.ingest.cells.value_words import ValueWords, index_value_words
from pipeline.ingest.text_tables import DateOrder, DecimalSign
from pipeline.knowledge.check_observations import IN_WORDS, ON_A_SPECIMEN
from pipeline.knowledge.export_terms import Observation, Scale
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words
from pipeline.knowledge.words import any_word

Answer = Literal["yes", "no", "unclear", "", "?"]
""""": nothing was said; "?": something was said that cannot be read; "unclear": the laboratory
itself gives neither yes nor no."""

_GRADE = re.compile(r"\(?\+{1,4}\)?|[1-4]\s*\+|\+\s*[1-4]")
_DEGREES = frozenset("1234")
_ZERO = re.compile(r"0(?:[.,]0+)?")
_BITS = frozenset("01")
_PARTS = re.compile(r"[\s,;/()]+")
_PLUS = re.compile(r"\+{1,4}")
_AMOUNT = re.compile(r"(?:<=|>=|[<>≤≥=])?(?:1:)?\d+(?:\.\d+)?|<=|>=|[<>≤≥=]")
_COUNT = re.compile(r"([<>]?=?)\s*(\d+(?:[.,]\d+)?)\s*(?:%|x?\s*10\W*9\W*l|g/l|/[uµ]l|gpt/l)?")
_INNER_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_])")


class Cell(NamedTuple):
    """What one cell says."""

    answer: Answer
    number: float | None = None
    day: pd.Timestamp | None = None


class Words(NamedTuple):
    """How answers are worded, folded."""

    answers: Mapping[str, Answer]
    """Of film words and context."""
    results: Mapping[str, Answer]
    """Of antibodies, hyphens as spaces."""
    weeks: re.Pattern[str]
    """The duration of a pregnancy: 12w 3d, 12+3, 12/40."""
    values: ValueWords
    dates: DateWords


@cached_by_knowledge
def index_qualitative_words(knowledge: Knowledge) -> Words:
    """Prepare the words that mean yes, no, and that nothing was said."""
    meant: tuple[tuple[str, Answer], ...] = (("not-said", ""), ("no", "no"), ("yes", "yes"))
    found: tuple[tuple[str, Answer], ...] = (
        ("negative", "no"),
        ("positive", "yes"),
        ("equivocal", "unclear"),
    )
    weeks, days = (
        any_word(map(fold_words, _words(knowledge, f"gestation-{unit}")))
        for unit in ("weeks", "days")
    )
    return Words(
        {fold_words(word): answer for name, answer in meant for word in _words(knowledge, name)},
        {
            _part_words(fold_words(word)): answer
            for name, answer in found
            for word in _words(knowledge, name)
        },
        re.compile(
            rf"(\d{{1,2}})\s*(?:\+\s*\d|{weeks}?\s*\d\s*{days}|/40|/7)?",
        ),
        index_value_words(knowledge),
        index_dates(knowledge),
    )


def _words(knowledge: Knowledge, name: str) -> Iterable[str]:
    return knowledge.phrases[name].words


def read_cells(
    texts: Sequence[str],
    observation: Observation,
    words: Words,
    *,
    scale: Scale | None = None,
    decimal: DecimalSign = "",
    order: DateOrder = "",
) -> list[Cell]:
    """Read the distinct texts of one column, or of all results, that mean one observation.

    Args:
        texts: Distinct cells, all of them: digits are yes and no only where no others stand.
        observation: What the column is.
        words: Of `index_qualitative_words`.
        scale: The scale of the column, if not the observation's own.
        decimal: Decimal sign of the file.
        order: Order of day and month in dates.
    """
    folded = [fold_words(text).strip(" .!*:") or fold_words(text) for text in texts]
    if observation.kind == "date":
        dates = parse_dates(texts, words.dates, order)
        return [
            Cell("yes", day=at) if precision else Cell(_meaning_of(cell, words))
            for cell, at, precision in zip(folded, dates["at"], dates["precision"], strict=True)
        ]
    if observation.kind == "number":
        return [_read_number(text, observation, words, scale, decimal) for text in texts]
    if scale is not None:
        return [_read_score(text, observation, words, scale, decimal) for text in texts]
    if observation.group in IN_WORDS:
        return [_read_test(cell, observation, words) for cell in folded]
    if observation.group in ON_A_SPECIMEN:
        return [
            (observation.counted and _read_count(cell)) or Cell(_grade_of(cell, words))
            for cell in folded
        ]
    digits = {cell for cell in folded if cell.isdigit()}
    bits: Mapping[str, Answer] = {"0": "no", "1": "yes"} if digits <= _BITS else {}
    return [Cell(bits.get(cell) or _meaning_of(cell, words)) for cell in folded]


def _meaning_of(cell: str, words: Words) -> Answer:
    if not cell:
        return ""
    if cell in words.answers:
        return words.answers[cell]
    answers = {words.answers.get(part, "?") for part in _PARTS.split(cell) if part}
    return answers.pop() if len(answers) == 1 else "?"


def _grade_of(cell: str, words: Words) -> Answer:
    """Read a film word: graded with plus signs or a digit up to four, or worded."""
    if _ZERO.fullmatch(cell):
        return "no"
    if cell in _DEGREES or _GRADE.fullmatch(cell):
        return "yes"
    if cell in words.answers:
        return words.answers[cell]
    parts = [part for part in _PARTS.split(cell) if part]
    worded = " ".join(part for part in parts if not _GRADE.fullmatch(part))
    answer = _meaning_of(worded, words)
    if len(worded.split()) < len(parts):
        return "yes" if answer in ("", "yes") else "?"
    return answer


def _read_count(cell: str) -> Cell | None:
    """Read a count or a share: above zero is yes; a bound above it may be either."""
    found = _COUNT.fullmatch(cell)
    if found is None:
        return None
    number = float(found[2].replace(",", "."))
    if found[1].startswith("<"):
        return Cell("unclear" if number > 0 else "no")
    is_more = number > 0 or found[1] == ">"
    return Cell("yes" if is_more else "no", number if is_more else None)


def _read_test(cell: str, observation: Observation, words: Words) -> Cell:
    if observation.counted and (count := _read_count(cell)):
        return count
    positive = {fold_words(word) for word in observation.result_words}
    return Cell("yes" if cell in positive else _result_of(cell, observation, words))


def _result_of(cell: str, observation: Observation, words: Words) -> Answer:
    """Read the result of an antibody: what the laboratory calls it, with a number or without.

    A number by itself says nothing: its limit is that of one assay. So does a single digit, and
    a plus sign beside one. What is neither positive nor negative is no answer either.
    """
    if not cell or words.answers.get(cell, "?") == "":
        return ""
    if _PLUS.fullmatch(cell):
        return "yes"
    return words.results.get(_without_quantity(cell, observation), "?")


def is_number_alone(text: str, observation: Observation) -> bool:
    """Whether a cell holds a number, with a sign and a unit at most, and no word."""
    cell = fold_words(text)
    return any(map(str.isdigit, cell)) and not _without_quantity(cell, observation)


def _without_quantity(cell: str, observation: Observation) -> str:
    """Give the words of a cell without a number and its unit before or behind them."""
    parts = [part for part in _PARTS.split(_part_words(cell)) if part]
    amounts = [bool(_AMOUNT.fullmatch(part)) for part in parts]
    units = _unit_parts(observation) if any(amounts) else frozenset()
    is_word = [
        not amount and part not in units for part, amount in zip(parts, amounts, strict=True)
    ]
    if not any(is_word):
        return ""
    first, last = is_word.index(True), len(parts) - is_word[::-1].index(True)
    return " ".join(parts[first:last])


def _part_words(folded: str) -> str:
    """Write "non-reactive" as two words; a sign before a number stays what it is."""
    return _INNER_HYPHEN.sub(" ", folded)


def _unit_parts(observation: Observation) -> frozenset[str]:
    units = (fold_words(unit) for unit in observation.unit_words)
    return frozenset(part for unit in units for part in _PARTS.split(unit))


def _read_score(
    text: str, observation: Observation, words: Words, scale: Scale, decimal: DecimalSign
) -> Cell:
    """Read a score of an analyzer as the yes or no that its steps make of it."""
    cell = _read_number(text, observation, words, scale, decimal)
    if cell.number is None:
        folded = fold_words(text).strip(" .!*:")
        return Cell(words.answers.get(folded, "?")) if folded else Cell("")
    return Cell("yes" if cell.number else "no")


def _read_number(
    text: str,
    observation: Observation,
    words: Words,
    scale: Scale | None,
    decimal: DecimalSign,
) -> Cell:
    cell = fold_words(text).strip(" .")
    worded = {fold_words(word).strip(" ."): n for word, n in observation.number_words.items()}
    if scale is None and cell in worded:
        return Cell("yes", worded[cell])
    if words.answers.get(cell, "" if not cell else "?") == "":
        return Cell("")
    units = {fold_words(unit) for unit in observation.unit_words}
    value = read_value(
        text, words.values, decimal, lambda unit: fold_words(unit).strip(".") in units
    )
    number = None if value.code or value.comparator or value.flag_in_cell else value.number
    low, high = scale.range if scale else observation.range or (0.0, 0.0)
    if scale and scale.steps and (weeks := words.weeks.fullmatch(cell)):
        # Completed weeks: days behind them do not count.
        number = float(weeks[1])
    if number is None or not low <= number <= high:
        return Cell("?")
    if scale and scale.steps:
        return Cell("yes", [ours for start, ours in scale.steps if start <= number][-1])
    if observation.whole and number != int(number):
        return Cell("?")
    return Cell("yes", number * (scale.factor or 1.0) if scale else number)
