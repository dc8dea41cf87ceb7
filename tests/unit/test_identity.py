"""One person per patient id, one patient per specimen."""

import pandas as pd
import pytest

from pipeline.reconcile.identity import name_words, resolve_identity
from schemas import Held, Results

_MEASURED = {
    "analyte": "hemoglobin",
    "comparator": "",
    "original_text": "120",
    "original_value": 120.0,
    "original_unit": "g/L",
    "value": 120.0,
    "unit": "g/L",
    "flag": "",
    "comment": "",
}


def rows(schema, text, first_id=0):
    """Pipe table with the columns patient, birth, sex, name, accession."""
    lines = [
        [cell.strip() for cell in line.split("|")] for line in text.strip().splitlines() if line
    ]
    table = pd.DataFrame(
        {
            "result_id": range(first_id, first_id + len(lines)),
            "source_file": "march.csv",
            "source_row": range(2, 2 + len(lines)),
            "source_column": "Hb",
            "patient_id": [line[0] for line in lines],
            "birth_date": pd.to_datetime([line[1] or None for line in lines]),
            "sex": [line[2] for line in lines],
            "patient_name": [line[3] for line in lines],
            # An accepted result has a specimen; where the table names none, one of its own.
            "accession": [
                line[4] or ("" if schema is Held else f"@{at}") for at, line in enumerate(lines)
            ],
            "status": "final",
            "code": "unit-missing",
            **_MEASURED,
        }
    )
    blank = {name: "" if kind == "str" else None for name, kind in schema.column_types().items()}
    table = pd.DataFrame({name: table.get(name, blank[name]) for name in blank})
    return schema.validate(table.astype(schema.column_types()))


def settle(results, held=""):
    kept, issues = resolve_identity(
        rows(Results, results), rows(Held, held, 100) if held else Held.no_rows()
    )
    found = zip(issues["result_id"], issues["code"], strict=True)
    return list(kept["result_id"]), dict(found)


BOTH = {0: "identity-conflict", 1: "identity-conflict"}


@pytest.mark.parametrize(
    ("first", "second", "issues"),
    [
        ("A | 1970-01-02 | F | Doe, Jane |", "A | 1970-01-02 | F | Jane Doe |", {}),
        ("A | 1970-01-02 | F | Doe |", "A | 1970-02-01 | F | Doe |", BOTH),
        ("A | 1970-01-02 | F | Doe |", "A | 1970-01-02 | M | Doe |", BOTH),
        ("A | | | Doe, Jane |", "A | | | Roe, Anna |", BOTH),
        ("A | 1970-01-02 | F | Doe |", "A | | | |", {}),
        ("A | | F | |", "A | 1970-01-02 | | Doe |", {}),
        ("A | | | Anna Doe |", "A | | | Anna Roe |", {}),
        ("A | | | Müller |", "A | | | Muller |", BOTH),
        ("A | | | MÜLLER |", "A | | | Mu\u0308ller |", {}),
        ("A | | | Dr. Doe |", "A | | | Dr. Roe |", BOTH),
        ("A | | | J. Doe |", "A | | | J. Roe |", BOTH),
        ("A | | | J. Doe |", "A | | | Jane Doe |", {}),
        ("A | | | O'Neil-Doe |", "A | | | ONeil Doe |", {}),
        ("A | 1970-01-02 | F | Doe |", "B | 1980-01-02 | M | Roe |", {}),
    ],
)
def test_one_person_per_id(first, second, issues):
    kept, found = settle(f"{first}\n{second}")
    assert found == issues
    assert kept == [result_id for result_id in (0, 1) if result_id not in issues]
    # Which one came first must not matter.
    assert settle(f"{second}\n{first}")[1] == issues


def test_the_whole_id_is_held_and_no_other():
    kept, issues = settle(
        """
        A | 1970-01-02 | F | Doe | S1
        B | 1980-01-02 | F | Roe | S2
        A | 1970-01-02 | F | Doe | S3
        A | 1971-01-02 | F | Doe | S4
        """
    )
    assert kept == [1]
    assert issues == dict.fromkeys([0, 2, 3], "identity-conflict")


def test_a_held_result_can_contradict():
    kept, issues = settle("A | | F | Doe | S1", "A | | M | Doe | S2\nB | | M | Roe | S3")
    assert kept == []
    assert issues == {0: "identity-conflict", 100: "identity-conflict"}


@pytest.mark.parametrize(
    ("results", "held", "kept", "issues"),
    [
        ("A | | | | S1\nB | | | | S1", "", [], {0: "specimen-conflict", 1: "specimen-conflict"}),
        ("A | | | | S1\nB | | | | S2", "", [0, 1], {}),
        ("A | | | | S1\nA | | | | S1", "", [0, 1], {}),
        ("A | | | | S1", "B | | | | S1", [], {0: "specimen-conflict", 100: "specimen-conflict"}),
        ("A | | | | S1", " | | | | S1", [0], {}),
        ("A | | | | S1", "B | | | | ", [0], {}),
        (
            "A | | | | S1\nA | | | | S2",
            "B | | | | S1",
            [1],
            {0: "specimen-conflict", 100: "specimen-conflict"},
        ),
    ],
)
def test_one_patient_per_specimen(results, held, kept, issues):
    assert settle(results, held) == (kept, issues)


@pytest.mark.parametrize(
    ("one", "other", "is_similar"),
    [
        ("0012", "12", True),
        ("p12", "P12", True),
        ("\uff30\uff11", "P1", True),
        ("0", "000", True),
        ("12", "120", False),
        ("P012", "P12", False),
        ("A1", "A2", False),
    ],
)
def test_similar_ids_are_noted_and_kept_apart(one, other, is_similar):
    kept, issues = settle(f"{one} | | | |\n{one} | | | |\n{other} | | | |")
    assert kept == [0, 1, 2]
    assert issues == (dict.fromkeys([0, 2], "patient-id-similar") if is_similar else {})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Dr. DOE, Jane A.", "doe jane"),
        ("J. D.", "d j"),
        ("", ""),
        ("王 伟", "伟 王"),
        ("Prof.", "prof"),
    ],
)
def test_words_of_a_name(name, words):
    assert " ".join(sorted(name_words(name))) == words


def test_a_date_that_is_held_contradicts_no_other():
    table = rows(Results, "A | | | | S1").assign(
        collected_at=pd.to_datetime(["2026-03-01"]).astype("datetime64[us]"),
        collected_precision="date",
    )
    for code, found in (("date-impossible", []), ("unit-missing", ["specimen-two-days"] * 2)):
        held = rows(Held, "A | | | | S1", 100).assign(
            code=code,
            collected_at=pd.to_datetime(["1950-03-01"]).astype("datetime64[us]"),
            collected_precision="date",
        )
        issues = resolve_identity(
            table.astype(Results.column_types()), held.astype(Held.column_types())
        ).issues
        assert list(issues["code"]) == found


@pytest.mark.parametrize(
    ("moments", "outcome"),
    [
        (["2026-03-01", "2026-03-01"], ""),
        (["2026-03-01", ""], ""),
        (["2026-03-01", "2026-03-02"], "specimen-two-days"),
        (["2026-03-01", "2026-03-01 08:00"], ""),
        (["2026-03-01 08:00", "2026-03-01 08:00"], ""),
        (["2026-03-01 08:00", "2026-03-01 21:30"], "specimen-times"),
        (["2026-03-01 23:50", "2026-03-02 00:20"], "specimen-times"),
        (["2026-03-01 23:50", "2026-03-02"], "specimen-two-days"),
        (["2026-03-01 20:00", "2026-03-02 08:00"], "specimen-two-days"),
        (["2026-03-01 08:00", "2026-03-01 09:00", "2026-03-02"], "specimen-two-days"),
    ],
)
def test_a_specimen_is_collected_on_one_day(moments, outcome):
    lines = "\n".join(["A | | | | S1"] * len(moments) + ["A | | | | S2"])
    table = rows(Results, lines)
    at = pd.to_datetime([*(moment or None for moment in moments), "2025-01-01"], format="mixed")
    kinds = ["" if not m else "time" if ":" in m else "date" for m in [*moments, "2025-01-01"]]
    table = table.assign(collected_at=at.astype("datetime64[us]"), collected_precision=kinds)
    held = rows(Held, "A | | | | S1", 100)
    kept, issues = resolve_identity(table.astype(Results.column_types()), held)
    found = {int(at): code for at, code in issues[["result_id", "code"]].itertuples(index=False)}
    whole = [*range(len(moments)), 100]
    if outcome == "specimen-two-days":
        assert found == dict.fromkeys(whole, outcome)
        assert list(kept["result_id"]) == [len(moments)]
    else:
        assert found == ({0: outcome} if outcome else {})
        assert len(kept) == len(table)
