"""Cells of results: text → comparator and number, or the reason why not. Never a guess."""

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from math import isinf
from typing import NamedTuple

import pandas as pd

from pipeline.ingest.cells.value_words import (
    GROUPING,
    NUMBER,
    ValueWords,
    comparator_of,
    doubt_of,
)
from pipeline.ingest.text_tables import DecimalSign
from pipeline.knowledge.name_key import fold_words


class Value(NamedTuple):
    """One cell of a result, read."""

    comparator: str = ""
    number: float | None = None
    """Missing if `code` says why."""
    unit_in_cell: str = ""
    """As written; a bare power of ten ("x10^9") counts as one."""
    flag_in_cell: str = ""
    """As written: H, L, !, …"""
    code: str = ""
    """"" or the code of the issue that sets the result aside."""


_FLAGS = frozenset(["H", "L", "HH", "LL", "N", "A", "AA", "E", "!", "↑", "↓", "H*", "L*"])
_LEADING_FLAGS = frozenset(["H", "L", "HH", "LL"])

_NUMBER = re.compile(NUMBER)
_EXPONENT = re.compile(r"[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z.,/])")
_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,15})?")
_SCALE = re.compile(
    r"[xX×*]\s*10(?:\s*(?:\*\*|[\^*\u02c6'])\s*\(?-?[0-9]{1,2}\)?|[eE][0-9]{1,2}|\([0-9]{1,2}\)"
    r"|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3})"
)
_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")
# Thousand, lakh, crore: 1,50,000.
_INDIAN_GROUPS = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_NEUTRAL_GROUPS = re.compile(rf"[1-9][0-9]{{0,2}}(?:([{GROUPING}])[0-9]{{3}})(?:\1[0-9]{{3}})*")
_LONGEST = 30

_PAIR = re.compile(r"[<>=≤≥]{0,2}\s*[0-9.,]+\s*[-–/:]\s*[0-9.,]+")
_FAILED = re.compile(r"[-–—−]{2,}|\+{4,}|\*+|[0-9.,]+\s*(?:[-+*]{2,}|\*)|\*\s*[0-9.,]+")


def parse_values(
    texts: Iterable[str],
    words: ValueWords,
    decimal: DecimalSign = "",
    is_unit: Callable[[str], bool] = lambda text: False,
) -> pd.DataFrame:
    """Read cells of results; each text by itself, so distinct texts suffice.

    Args:
        texts: Cells as they stand.
        words: Of `index_value_words`.
        decimal: Decimal sign of the file; "" if nothing settles it.
        is_unit: Says which words after a number are a unit.

    Returns:
        One row per text with `comparator`, `number` (Float64), `unit_in_cell`, `flag_in_cell`,
        `code`: "" or `value-missing`, `not-a-number`, `number-ambiguous`, `not-measured`,
        `measurement-failed`, `specimen-unreliable`; then the number is missing.
    """
    values = [read_value(text, words, decimal, is_unit) for text in texts]
    frame = pd.DataFrame(values, columns=list(Value._fields))
    kinds = dict.fromkeys(frame.columns, "str") | {"number": "Float64"}
    return frame.astype(kinds)


def read_value(
    text: str, words: ValueWords, decimal: DecimalSign, is_unit: Callable[[str], bool]
) -> Value:
    """Read one cell; `docs/values.md` lists every class of cell with its reading."""
    text = text.strip()
    if not text:
        return Value(code="value-missing")
    if decimal == "." and _PLAIN.fullmatch(text):
        return Value(number=float(text))
    found = _NUMBER.search(text)
    if not found:
        return Value(code=_why_not(text, words))
    ahead = _read_ahead(text[: found.start()], words)
    digits, end = found[0], found.end()
    power = _EXPONENT.match(text, end)
    behind = _read_behind(text[power.end() if power else end :], words, is_unit)
    if ahead is None or behind is None or (ahead[1] and behind[1]):
        return Value(code=_why_not(text, words))
    number = _number(digits, power[0] if power else "", decimal)
    if isinstance(number, str):
        return Value(code=number)
    return Value(ahead[0], number, behind[0], ahead[1] or behind[1])


def read_interval(
    low: str,
    high: str,
    words: ValueWords,
    decimal: DecimalSign,
    is_unit: Callable[[str], bool],
) -> tuple[float | None, float | None] | None:
    """Read a reference interval from two cells, or from one that holds both ends or a bound.

    Returns:
        (low, high), each missing if not given; None if it cannot be read.
    """
    low, high = low.strip(), high.strip()
    whole = low if high in ("", low) else high if not low else ""
    if pair := words.range.fullmatch(whole):
        if pair[3] and not is_unit(pair[3]):
            return None
        low, high = pair[1], pair[2]
    ends: list[float | None] = [None, None]
    for at, cell in enumerate((low, high)):
        value = read_value(cell, words, decimal, is_unit)
        if value.code in ("value-missing", "not-measured"):
            continue
        if value.code or value.flag_in_cell:
            return None
        if value.comparator and (low and high and low != high):
            # ">4.0" as lower end beside a number is fine; "<4.0" there is nonsense.
            if value.comparator[0] != "><"[at]:
                return None
            ends[at] = value.number
        else:
            ends[{"": at, ">": 0, "<": 1}[value.comparator[:1]]] = value.number
    if ends[0] is not None and ends[1] is not None and ends[0] > ends[1]:
        return None
    return ends[0], ends[1]


def parse_reservations(texts: Iterable[str], words: ValueWords) -> pd.DataFrame:
    """Read what flags and comments say against a result; letters and normal words say nothing.

    Returns:
        One row per text with `code`: "", `not-measured` or `specimen-unreliable`.
    """
    return pd.DataFrame({"code": [doubt_of(text, words) for text in texts]}, dtype="str")


def _read_ahead(text: str, words: ValueWords) -> tuple[str, str] | None:
    """Read what stands before the number as (comparator, flag); None if it is neither."""
    sign = comparator_of(text, words)
    if sign is not None:
        return sign, ""
    flag, _, rest = text.strip().partition(" ")
    sign = comparator_of(rest, words)
    if flag in _LEADING_FLAGS and sign is not None and (sign or text[-1:].isspace()):
        return sign, flag
    return None


def _read_behind(
    text: str, words: ValueWords, is_unit: Callable[[str], bool]
) -> tuple[str, str] | None:
    """Read what stands behind the number as (unit, flag); None if it is neither."""
    rest = text.strip()
    if not rest:
        return "", ""
    if _is_flag(rest, words):
        return "", rest.strip("()[] ")
    parts = rest.split()
    for unit, flag in (
        (rest, ""),
        (" ".join(parts[:-1]), parts[-1]),
        (" ".join(parts[1:]), parts[0]),
    ):
        if (not flag or _is_flag(flag, words)) and _is_measure(unit, text, is_unit):
            return unit, flag.strip("()[]")
    return None


def _is_flag(text: str, words: ValueWords) -> bool:
    bare = text[1:-1].strip() if text[:1] + text[-1:] in ("()", "[]") else text
    return bare in _FLAGS or bare.casefold() in words.flags


def _is_measure(unit: str, text: str, is_unit: Callable[[str], bool]) -> bool:
    """A bare power of ten, or a unit that cannot be a second number."""
    if _SCALE.fullmatch(unit):
        return True
    if unit[:1].isdigit():
        # "45 109/L" is two numbers: the power of a lost superscript does not show.
        spaced = text[:1].isspace() and re.match(r"10\s*[*^\u02c6⁰¹²³⁴⁵⁶⁷⁸⁹]|10[eE]", unit)
        return bool(spaced) and is_unit(unit)
    return bool(unit) and is_unit(unit)


def _number(digits: str, exponent: str, decimal: DecimalSign) -> float | str:
    """Give the number that digits with separators mean, or the code of the doubt."""
    plain = _plain_digits(digits, decimal)
    if not plain or len(plain) > _LONGEST:
        return "number-ambiguous" if not plain else "not-a-number"
    exact = Decimal(plain + exponent)
    number = float(exact)
    if isinf(number) or (number == 0 and exact != 0):
        return "not-a-number"
    return number


def _plain_digits(digits: str, decimal: DecimalSign) -> str:
    """Write digits with a point for the decimal sign and no grouping; "" if in doubt."""
    separators = re.sub("[0-9]", "", digits)
    if not separators:
        # A zero in front of a whole number: a field of fixed width may imply a decimal point.
        return digits if digits == "0" or digits[0] != "0" else ""
    last = separators[-1]
    head, _, tail = digits.rpartition(last)
    if len(separators) == 1 and last in ".,":
        two_readings = len(tail) == 3 and re.fullmatch("[1-9][0-9]{0,2}", head)
        if decimal == last or (decimal == "" and not two_readings):
            return f"{head or 0}.{tail}"
        return ""
    if last in ".," and separators.count(last) == 1:
        other = separators[0]
        if other in GROUPING:
            right = bool(_NEUTRAL_GROUPS.fullmatch(head)) and decimal in ("", last)
        else:
            right = _is_grouped(head)
        return f"{re.sub('[^0-9]', '', head)}.{tail}" if right else ""
    if last in GROUPING:
        right = bool(_NEUTRAL_GROUPS.fullmatch(digits))
    else:
        right = decimal != last and _is_grouped(digits)
    return re.sub("[^0-9]", "", digits) if right else ""


def _is_grouped(digits: str) -> bool:
    """Thousands are set apart by points or commas where they should be."""
    return bool(_GROUPS.fullmatch(digits) or _INDIAN_GROUPS.fullmatch(digits))


def _why_not(text: str, words: ValueWords) -> str:
    """Name the reason why a cell is no result: its issue code."""
    folded = fold_words(text)
    if folded.strip(" .!") in words.not_measured:
        return "not-measured"
    if words.unreliable_stems.search(folded):
        return "specimen-unreliable"
    if words.not_measured_stems.search(folded):
        return "not-measured"
    if _FAILED.fullmatch(text):
        return "measurement-failed"
    if _PAIR.fullmatch(text):
        return "not-a-number"
    return "number-ambiguous" if len(_NUMBER.findall(text)) > 1 else "not-a-number"
