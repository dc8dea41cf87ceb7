"""Units: what a spelling means for an analyte, and every result in its analyte's own unit."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.issues import Staged, all_issues, issues_at
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Analyte, Knowledge
from pipeline.lookup import look_up
from schemas import Results

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]
Positions = np.ndarray[tuple[int], np.dtype[np.int64]]

_SIGNS = str.maketrans(
    {
        "μ": "u",
        "\u02c6": "^",  # modifier letter circumflex
        "×": "x",
        "\u2217": "*",  # asterisk operator
        "·": ".",
        "•": ".",
        "⋅": ".",
        "−": "-",
        "–": "-",
        "\u2010": "-",  # hyphen
        "\u2215": "/",  # division slash
        "\u2044": "/",  # fraction slash
        "’": "'",
        "\u2032": "'",  # prime
        "\u0060": "'",  # grave accent
    }
)
_ESCAPED_MICRO = re.compile(r"<U\+(?:00B5|03BC)>", re.IGNORECASE)  # as R prints the two signs
_SUPERSCRIPT_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT = re.compile(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_PER_WORD = re.compile(r"(?:^|(?<=\s))(?:per|pro|par|por)\s+", re.IGNORECASE)
_TO_THE_MINUS_ONE = re.compile(r"[ .]([A-Za-z]+)\^?-1$")
_FIRST_TIMES = re.compile(r"^[xX*]+(?=[\d(])")
_POWER = re.compile(
    r"\(?10\)?(?:\*\*|[*^'xX]|[eE](?:xp|XP)?)\(?\+?(-?\d{1,2})\)?(?!\d)"
    r"|10\(\+?(-?\d{1,2})\)"
    r"|\(10\)(\d{1,2})(?!\d)"
)
_LONE_DOT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_CUBIC = re.compile(r"(?<=m)[*^]+3(?!\d)", re.IGNORECASE)
_CUBIC_MILLIMETER = re.compile(r"(?<![a-z])(?:cumm|cmm|mm3)(?![a-z0-9])", re.IGNORECASE)
_MICRO = re.compile(r"(?<![a-z])(?:mc|micro)(?=(?:l|g|mol)(?![a-z]))", re.IGNORECASE)
_HUNDRED_MILLILITERS = re.compile(r"/100ml$", re.IGNORECASE)

SIGNIFICANT_DIGITS = 12
"""Digits of a converted number that are kept; what lies beyond is noise of the arithmetic."""


def unit_key(text: str) -> str:
    """Bring a spelling of a unit to the form in which spellings are compared; case is kept.

    >>> unit_key("× 10³/µL"), unit_key("10E3/mcL"), unit_key("10(3) / cu.mm")
    ('10^3/uL', '10^3/uL', '10^3/uL')
    """
    key = _ESCAPED_MICRO.sub("u", text)
    key = _SUPERSCRIPT.sub(lambda power: "^" + power[0].translate(_SUPERSCRIPT_DIGITS), key)
    key = unicodedata.normalize("NFKC", key).translate(_SIGNS).strip()
    key = _PER_WORD.sub("/", key)
    key = _TO_THE_MINUS_ONE.sub(r"/\1", key)
    key = _FIRST_TIMES.sub("", "".join(key.split()))
    key = _POWER.sub(lambda power: "10^" + (power[1] or power[2] or power[3]), key)
    key = _CUBIC.sub("3", _LONE_DOT.sub("", key))
    key = _MICRO.sub("u", _CUBIC_MILLIMETER.sub("uL", key))
    return _HUNDRED_MILLILITERS.sub("/dL", key)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitIndex:
    """Every spelling of every unit, ready to be looked up."""

    exact: Mapping[str, frozenset[str]]
    """Key of a spelling → UCUM codes that it may mean."""
    any_case: Mapping[str, frozenset[str]]
    """The same, without regard to capital letters."""
    own: Mapping[tuple[str, str], str]
    """(analyte id, key without regard to case) → UCUM code, for that analyte only."""
    own_keys: frozenset[str]
    """Keys of `own`."""

    def knows(self, text: str) -> bool:
        """Whether a text is a unit of anything at all."""
        folded = unit_key(text).casefold()
        return folded in self.any_case or folded in self.own_keys


def distinct_rows(*columns: "pd.Series[str]") -> tuple[Positions, list[tuple[str, ...]]]:
    """Number the distinct combinations of some columns of text.

    Returns:
        (for each row the position of its combination, the combinations in order of appearance).
    """
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        own, distinct = pd.factorize(column)
        codes = pd.factorize(codes * max(len(distinct), 1) + own)[0].astype(np.int64)
    first = np.unique(codes, return_index=True)[1]
    texts = [column.iloc[first].tolist() for column in columns]
    return codes, list(zip(*texts, strict=True))


@cached_by_knowledge
def index_units(knowledge: Knowledge) -> UnitIndex:
    """Prepare the spellings of `knowledge.units` and of the analytes."""
    exact: dict[str, set[str]] = {}
    any_case: dict[str, set[str]] = {}
    for unit in knowledge.units.values():
        for spelling in (unit.ucum, *unit.spellings):
            key = unit_key(spelling)
            exact.setdefault(key, set()).add(unit.ucum)
            any_case.setdefault(key.casefold(), set()).add(unit.ucum)
    own = {
        (analyte.id, unit_key(spelling).casefold()): code
        for analyte in knowledge.analytes.values()
        for spelling, code in analyte.unit_spellings.items()
    }
    return UnitIndex(
        exact={key: frozenset(codes) for key, codes in exact.items()},
        any_case={key: frozenset(codes) for key, codes in any_case.items()},
        own=own,
        own_keys=frozenset(key for _, key in own),
    )


def unit_of(text: str, analyte: Analyte, index: UnitIndex) -> str:
    """Give the accepted unit (UCUM) that a spelling means for an analyte, or "".

    The analyte's own spellings come first, then the spelling as written, then without regard
    to capital letters. A spelling that may mean two accepted units means none.
    """
    key = unit_key(text)
    if not key:
        return ""
    if own := index.own.get((analyte.id, key.casefold())):
        return own
    for codes in (index.exact.get(key), index.any_case.get(key.casefold())):
        accepted = [code for code in codes or () if code in analyte.units]
        if accepted:
            return accepted[0] if len(accepted) == 1 else ""
    return ""


def needs_no_unit(analyte: Analyte) -> bool:
    """Whether a number without a unit can mean one thing only.

    A scale such as `10*-1.fL` is always spelled out by the export that uses it.
    """
    factors = {factor for unit, factor in analyte.units.items() if not unit.startswith("10*-")}
    return factors == {1.0}


def resolve_unit(column: str, cell: str, analyte: Analyte, index: UnitIndex) -> tuple[str, str]:
    """Decide the unit of a result from the unit beside it and the unit in its cell.

    Args:
        column: Unit of the unit column, the header or the layout, as written; "" if none.
        cell: Unit or bare power of ten in the result's own cell; "" if none.
        analyte: What was measured.
        index: Spellings of units.

    Returns:
        (UCUM code, "") or ("", issue code).
    """
    beside = unit_of(column, analyte, index) if column else ""
    if column and not beside:
        return "", "unit-not-accepted"
    if not cell:
        if beside:
            return beside, ""
        return (analyte.unit, "") if needs_no_unit(analyte) else ("", "unit-missing")
    key = unit_key(cell)
    if re.fullmatch(r"10\^-?\d{1,2}", key):
        # A power of ten alone repeats the scale of the unit beside it; it is never a factor.
        agrees = unit_key(beside).startswith(f"{key}/")
        return (beside, "") if agrees else ("", "unit-contradiction" if beside else "unit-missing")
    inside = unit_of(cell, analyte, index)
    if not inside:
        return "", "unit-not-accepted"
    if beside and analyte.units[inside] != analyte.units[beside]:
        return "", "unit-contradiction"
    return beside or inside, ""


def normalize_units(parsed: pd.DataFrame, knowledge: Knowledge) -> Staged[pd.DataFrame]:
    """Express every result in its analyte's canonical unit, and ask whether it is plausible.

    Args:
        parsed: Table of `parse_results`.
        knowledge: Analytes with accepted units, and bounds of the possible and the usual.

    Returns:
        The columns of `Results`, then `ignored`, for the same rows in the same order.
        `original_unit`, `unit` are "" and `value` is missing where no unit could be settled.
        Issues: `unit-missing`, `unit-not-accepted`, `unit-contradiction`, `value-impossible`,
        `value-unusual`. A result without a number, an analyte or a patient's concern
        (`ignored`) is not looked at.
    """
    index = index_units(knowledge)
    measured = parsed["original_value"].notna() & parsed["analyte"].ne("") & ~parsed["ignored"]
    codes, combinations = distinct_rows(
        parsed["analyte"].where(measured, ""), parsed["unit_text"], parsed["unit_in_cell"]
    )
    settled = [
        _resolve(name, column, cell, knowledge, index) for name, column, cell in combinations
    ]
    take = pd.DataFrame(settled, columns=["original_unit", "unit", "factor", "code"]).iloc[codes]
    take.index = parsed.index
    number = parsed["original_value"] * take["factor"].astype("Float64")
    value = pd.Series(round_off(number.to_numpy("float64", na_value=np.nan)), index=parsed.index)
    table = parsed.assign(
        original_unit=take["original_unit"].astype("str"),
        unit=take["unit"].astype("str"),
        value=value.astype("Float64"),
    )
    issues = [
        issues_at(table[take["code"].eq(code)], code)
        for code in ("unit-missing", "unit-not-accepted", "unit-contradiction")
    ]
    possible = _outside(table, {a.id: a.possible for a in knowledge.analytes.values()})
    possible |= _unlike_unit(table, knowledge.analytes)
    usual = _outside(table, {a.id: a.usual for a in knowledge.analytes.values()})
    too_high = _too_high(table, knowledge.analytes).where(possible, "")
    for code in sorted(set(too_high) - {""}):
        issues.append(issues_at(table[too_high.eq(code)], code))
    issues.append(issues_at(table[possible & too_high.eq("")], "value-impossible"))
    issues.append(issues_at(table[usual & ~possible], "value-unusual"))
    return Staged(table[[*Results.column_types(), "ignored"]], all_issues(*issues))


def round_off(numbers: Floats) -> Floats:
    """Strip the noise of binary arithmetic: 11.2 * 10 is 112, not 112.00000000000001."""
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = np.floor(np.log10(np.abs(numbers)))
    shift = SIGNIFICANT_DIGITS - 1 - np.where(np.isfinite(magnitude), magnitude, 0.0)
    # 10**22 is the largest power of ten that a float holds exactly.
    shift = np.clip(shift, -22, 22)
    up, down = 10.0 ** np.maximum(shift, 0), 10.0 ** np.maximum(-shift, 0)
    rounded: Floats = np.round(numbers * up / down) / up * down
    return rounded


def _resolve(
    name: str, column: str, cell: str, knowledge: Knowledge, index: UnitIndex
) -> tuple[str, str, float | None, str]:
    """Give (original unit, canonical unit, factor, issue code) for one combination."""
    if not name:
        return "", "", None, ""
    analyte = knowledge.analytes[name]
    unit, code = resolve_unit(column, cell, analyte, index)
    if code:
        return "", "", None, code
    return unit, analyte.unit, analyte.units[unit], ""


def _too_high(table: pd.DataFrame, analytes: Mapping[str, Analyte]) -> "pd.Series[str]":
    """Give the code of an analyte that has its own for a number above what is possible."""
    codes = {a.id: a.too_high for a in analytes.values() if a.too_high}
    highest = {name: analytes[name].possible[1] for name in codes}  # type: ignore[index]
    above = (table["value"] > table["analyte"].map(highest).astype("Float64")).fillna(False)
    return look_up(table["analyte"], codes).where(above.astype(bool), "")


def _unlike_unit(table: pd.DataFrame, analytes: Mapping[str, Analyte]) -> "pd.Series[bool]":
    """Return which numbers nobody writes in their unit.

    250 platelets "/uL" are 250 thousand, a vitamin B12 of 90 "ng/mL" is one of 90 pg/mL.
    """
    kinds = list(zip(table["analyte"], table["original_unit"], strict=True))
    least, most = (
        pd.Series([pairs.get(kind) for kind in kinds], index=table.index, dtype="Float64")
        for pairs in (
            {(a.id, unit): end for a in analytes.values() for unit, end in a.least.items()},
            {(a.id, unit): end for a in analytes.values() for unit, end in a.most.items()},
        )
    )
    number, sign = table["original_value"], table["comparator"]
    is_small = (number > 0) & (number < least) & ~sign.isin(["<", "<="])
    is_large = (number > most) & ~sign.isin(["<", "<="])
    return (is_small.fillna(False) | is_large.fillna(False)).astype(bool)


def _outside(
    table: pd.DataFrame, bounds: Mapping[str, tuple[float, float] | None]
) -> "pd.Series[bool]":
    """Say which values lie certainly outside the bounds of their analyte."""
    codes, names = pd.factorize(table["analyte"])
    ends = [bounds.get(name) or (None, None) for name in names]
    low, high = (
        pd.Series(pd.array([end[at] for end in ends], dtype="Float64")[codes], index=table.index)
        for at in (0, 1)
    )
    value, sign = table["value"], table["comparator"]
    below = (value < low) & sign.isin(["", "<", "<="]) | (value <= low) & sign.eq("<")
    above = (value > high) & sign.isin(["", ">", ">="]) | (value >= high) & sign.eq(">")
    return (below | above).fillna(False).astype(bool)
