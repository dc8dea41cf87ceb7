"""Cells of results: every class of cell of docs/values.md, with its reading."""

import pytest

from pipeline.ingest.cells.numbers import (
    parse_reservations,
    parse_values,
    read_interval,
    read_value,
)
from pipeline.ingest.cells.statuses import index_statuses, parse_statuses
from pipeline.ingest.cells.value_words import index_value_words
from pipeline.knowledge.load import load_knowledge

STATUSES = index_statuses(load_knowledge())
WORDS = index_value_words(load_knowledge())
UNITS = {"g/L", "g/dL", "g%", "%", "fL", "K/uL", "10^9/L", "10*9/L", "x10^9/L", "×10⁹/L", "109/L"}


def is_unit(text: str) -> bool:
    return text in UNITS


def shown(text: str, decimal: str = ".") -> str:
    """The reading in one line: comparator and number, [unit], {flag}; or the code."""
    value = read_value(text, WORDS, decimal, is_unit)
    if value.code:
        assert value.number is None, "a held cell must not carry a number"
        return value.code
    unit = f" [{value.unit_in_cell}]" if value.unit_in_cell else ""
    flag = f" {{{value.flag_in_cell}}}" if value.flag_in_cell else ""
    return f"{value.comparator}{value.number!r}{unit}{flag}"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("12.5", "12.5"),
        ("0", "0.0"),
        ("0.00", "0.0"),
        (" 12.5 ", "12.5"),
        ("\u00a012.5\u00a0", "12.5"),
        ("250", "250.0"),
        ("48.8951754817963", "48.8951754817963"),
        ("02.9", "2.9"),
        (".9", "0.9"),
        ("1.2E3", "1200.0"),
        ("1e9", "1000000000.0"),
        ("3.5e-2", "0.035"),
        ("", "value-missing"),
        ("   ", "value-missing"),
    ],
)
def test_plain_numbers(text: str, answer: str) -> None:
    assert shown(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<150", "<150.0"),
        ("< 150", "<150.0"),
        ("<=150", "<=150.0"),
        ("≤150", "<=150.0"),
        (">2000", ">2000.0"),
        (">= 20.3", ">=20.3"),
        ("≥ 20.3", ">=20.3"),
        ("GREATER THAN 2000", ">2000.0"),
        ("less than 5", "<5.0"),
        ("at least 5", ">=5.0"),
        ("größer als 12.5", ">12.5"),
        ("kleiner als 5", "<5.0"),
        ("supérieur à 2000", ">2000.0"),
        ("moins de 5", "<5.0"),
        ("mayor que 2000", ">2000.0"),
        ("inferiore a 5", "<5.0"),
        ("=>5", "not-a-number"),
        ("=<5", "not-a-number"),
        ("<<5", "not-a-number"),
        ("<>5", "not-a-number"),
        ("~5", "not-a-number"),
        ("=5", "not-a-number"),
        ("not less than 5", "not-a-number"),
        ("<150 g/L", "<150.0 [g/L]"),
        ("<", "not-a-number"),
    ],
)
def test_comparators(text: str, answer: str) -> None:
    assert shown(text) == answer


@pytest.mark.parametrize(
    ("text", "unsettled", "point", "comma"),
    [
        ("12.5", "12.5", "12.5", "number-ambiguous"),
        ("12,5", "12.5", "number-ambiguous", "12.5"),
        ("1.060", "number-ambiguous", "1.06", "number-ambiguous"),
        ("1,060", "number-ambiguous", "number-ambiguous", "1.06"),
        ("404,000", "number-ambiguous", "number-ambiguous", "404.0"),
        ("0.825", "0.825", "0.825", "number-ambiguous"),
        ("0,825", "0.825", "number-ambiguous", "0.825"),
        (",825", "0.825", "number-ambiguous", "0.825"),
        ("1025.123", "1025.123", "1025.123", "number-ambiguous"),
        ("1,025.36", "1025.36", "1025.36", "1025.36"),
        ("1.025,36", "1025.36", "1025.36", "1025.36"),
        (">1.025,36", ">1025.36", ">1025.36", ">1025.36"),
        ("1,234,567", "1234567.0", "1234567.0", "number-ambiguous"),
        ("1.234.567", "1234567.0", "number-ambiguous", "1234567.0"),
        ("1,50,000", "150000.0", "150000.0", "number-ambiguous"),
        ("1,5,000", "number-ambiguous", "number-ambiguous", "number-ambiguous"),
        ("12,34.5", "number-ambiguous", "number-ambiguous", "number-ambiguous"),
        ("1.2.3", "number-ambiguous", "number-ambiguous", "number-ambiguous"),
        ("1\u202f060", "1060.0", "1060.0", "1060.0"),
        ("1\u00a0060,5", "1060.5", "number-ambiguous", "1060.5"),
        ("1'025.36", "1025.36", "1025.36", "number-ambiguous"),
        ("1\u202f06", "number-ambiguous", "number-ambiguous", "number-ambiguous"),
        ("1 060", "number-ambiguous", "number-ambiguous", "number-ambiguous"),
        ("12,5E2", "1250.0", "number-ambiguous", "1250.0"),
    ],
)
def test_separators(text: str, unsettled: str, point: str, comma: str) -> None:
    assert (shown(text, ""), shown(text, "."), shown(text, ",")) == (unsettled, point, comma)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("112 g/L", "112.0 [g/L]"),
        ("112g/L", "112.0 [g/L]"),
        ("35 %", "35.0 [%]"),
        ("14.1 g%", "14.1 [g%]"),
        ("4.5 x10^9/L", "4.5 [x10^9/L]"),
        ("4.5×10⁹/L", "4.5 [×10⁹/L]"),
        ("4.5 10^9/L", "4.5 [10^9/L]"),
        ("4.5 x 10^9", "4.5 [x 10^9]"),
        ("4.5x10E12", "4.5 [x10E12]"),
        ("4.5 x10⁹", "4.5 [x10⁹]"),
        ("45 109/L", "number-ambiguous"),
        ("1.1x10+9", "number-ambiguous"),
        ("2.34 X 10-12", "number-ambiguous"),
        ("112 foo", "not-a-number"),
        ("12.3 h", "not-a-number"),
    ],
)
def test_units_in_the_cell(text: str, answer: str) -> None:
    assert shown(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("12.3 H", "12.3 {H}"),
        ("12.3H", "12.3 {H}"),
        ("12.3 (L)", "12.3 {L}"),
        ("H 256", "256.0 {H}"),
        ("LL 1.2", "1.2 {LL}"),
        ("L <5", "<5.0 {L}"),
        ("<5 L", "<5.0 {L}"),
        ("12.3 g/dL H", "12.3 [g/dL] {H}"),
        ("12.3 H g/dL", "12.3 [g/dL] {H}"),
        ("12.3!", "12.3 {!}"),
        ("12.3 H*", "12.3 {H*}"),
        ("12.3 ↓", "12.3 {↓}"),
        ("33 Normal", "33.0 {Normal}"),
        ("0.00 E", "0.0 {E}"),
        ("H256", "not-a-number"),
        ("H 256 H", "not-a-number"),
        ("Hb 12", "not-a-number"),
        ("100*", "measurement-failed"),
        ("*100", "measurement-failed"),
        ("0.9---", "measurement-failed"),
        ("0.9++", "measurement-failed"),
        ("----", "measurement-failed"),
        ("++++", "measurement-failed"),
        ("*", "measurement-failed"),
    ],
)
def test_flags_and_marks_of_analyzers(text: str, answer: str) -> None:
    assert shown(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("pending", "not-measured"),
        ("PENDING.", "not-measured"),
        ("UNABLE TO REPORT", "not-measured"),
        ("Not done", "not-measured"),
        ("QNS", "not-measured"),
        ("n/a", "not-measured"),
        ("nan", "not-measured"),
        ("-", "not-measured"),
        ("HEMOLYSED", "specimen-unreliable"),
        ("haemolyzed sample", "specimen-unreliable"),
        ("hämolytisch", "specimen-unreliable"),
        ("Platelet clumps", "specimen-unreliable"),
        ("12.3 clotted", "specimen-unreliable"),
        ("Lipämisch", "specimen-unreliable"),
        ("wrong patient", "specimen-unreliable"),
        ("cancelled by the ward", "not-measured"),
        ("inf", "not-a-number"),
        ("1e400", "not-a-number"),
        ("1e-400", "not-a-number"),
        ("1" * 31, "not-a-number"),
        ("\uff11\uff12", "not-a-number"),
        ("٣", "not-a-number"),
        ("-3", "not-a-number"),
        ("\u22123", "not-a-number"),
        ("- 5", "not-a-number"),
        ("+56", "not-a-number"),
        ("1_000", "number-ambiguous"),
        ("12.", "not-a-number"),
        ("0012", "number-ambiguous"),
        ("10.9 (prev 13.2)", "number-ambiguous"),
        ("10.9 13.2", "number-ambiguous"),
        ("0-1", "not-a-number"),
        ("3 - 2", "not-a-number"),
        ("1:40", "not-a-number"),
        (">1:40", "not-a-number"),
        ("1/80", "not-a-number"),
        ("2+", "not-a-number"),
        ("+++", "not-a-number"),
        ("1-", "not-a-number"),
        ("negative", "not-a-number"),
        ("negative 0.1", "not-a-number"),
        ("A+", "not-a-number"),
        ("see comment", "not-a-number"),
        ("?", "not-a-number"),
        (".", "not-a-number"),
        ("'12.5", "not-a-number"),
        ("=12.5", "not-a-number"),
        ("2024-05-31", "number-ambiguous"),
        ("0x1F", "number-ambiguous"),
    ],
)
def test_cells_without_a_number(text: str, answer: str) -> None:
    assert shown(text) == answer


def test_values_come_as_a_typed_table() -> None:
    frame = parse_values(["<5 g/L", "x"], WORDS, ".", is_unit)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        "comparator": "str",
        "number": "Float64",
        "unit_in_cell": "str",
        "flag_in_cell": "str",
        "code": "str",
    }
    assert frame["number"].isna().tolist() == [False, True]
    assert parse_values([], WORDS).empty


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        ("4.0", "10.0", (4.0, 10.0)),
        ("4.0", "", (4.0, None)),
        ("", "10", (None, 10.0)),
        ("", "", (None, None)),
        ("-", "-", (None, None)),
        ("4.0-10.0", "", (4.0, 10.0)),
        ("4.0 – 10.0 g/L", "", (4.0, 10.0)),
        ("", "4.0 to 10.0", (4.0, 10.0)),
        ("4.0-10.0", "4.0-10.0", (4.0, 10.0)),
        ("<5.0", "", (None, 5.0)),
        ("", "<5.0", (None, 5.0)),
        (">180", "", (180.0, None)),
        (">4", "<10", (4.0, 10.0)),
        ("<4", "10", None),
        ("10", "4", None),
        ("10-4", "", None),
        ("4.0-10.0 foo", "", None),
        ("negative", "", None),
        ("4,0", "10,0", None),
    ],
)
def test_reference_intervals(
    low: str, high: str, answer: tuple[float | None, float | None] | None
) -> None:
    assert read_interval(low, high, WORDS, ".", is_unit) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", "final"),
        ("F", "final"),
        ("Final", "final"),
        ("C", "corrected"),
        ("amended", "corrected"),
        ("P", "preliminary"),
        ("preliminary", "preliminary"),
        ("X", "cancelled"),
        ("withdrawn", "cancelled"),
        ("entered-in-error", "cancelled"),
        ("endgültig", "final"),
        ("vorläufig", "preliminary"),
        ("zz", ""),
    ],
)
def test_statuses(text: str, answer: str) -> None:
    assert parse_statuses([text], STATUSES)["status"].tolist() == [answer]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *((flag, "") for flag in ("", "L", "H", "LL", "HH", "N", "A", "*", "-", "n/a", "E", "↓")),
        *((word, "") for word in ("low", "Normal", "critical", "see note", "anticoagulated")),
        ("HEMOLYZED", "specimen-unreliable"),
        ("L hemolyzed", "specimen-unreliable"),
        ("Clotted sample", "specimen-unreliable"),
        ("platelet clumps", "specimen-unreliable"),
        ("Aggregate", "specimen-unreliable"),
        ("wrong tube", "specimen-unreliable"),
        ("Wrong blood in tube", "specimen-unreliable"),
        ("insufficient", "not-measured"),
        ("insufficient blood", "not-measured"),
        ("renal insufficiency", ""),
        ("Cancelled", "not-measured"),
        ("canceled by ward", "not-measured"),
        ("pending", "not-measured"),
        ("no clots", ""),
        ("No platelet clumps seen", ""),
        ("non-hemolyzed", ""),
        ("not hemolyzed, clotted", "specimen-unreliable"),
        ("not received, clotted", "specimen-unreliable"),
        ("nicht auswertbar geronnen", "specimen-unreliable"),
    ],
)
def test_doubts_in_flags_and_comments(text: str, answer: str) -> None:
    assert parse_reservations([text], WORDS)["code"].tolist() == [answer]
