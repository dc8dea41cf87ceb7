"""`labflag identify` says what one wants to know of a file: its dates, and what is held."""

import json

import pytest
from click.testing import CliRunner

from pipeline.cli import main

HEADER = "patient_id,sex,Date of birth,sample_id,Collected,analyte,value,unit\n"


@pytest.fixture
def identify(tmp_path):
    """Identify a long export of (birth date, collection date, value) per row."""

    def run(rows, *options):
        path = tmp_path / "march.csv"
        lines = (
            f"P{n},F,{birth},S{n},{collected},Hemoglobin,{value},g/dL\n"
            for n, (birth, collected, value) in enumerate(rows)
        )
        path.write_text(HEADER + "".join(lines))
        return CliRunner().invoke(main, ["identify", str(path), *options]).output

    return run


@pytest.mark.parametrize(
    ("births", "collected", "expected"),
    [
        (
            "1980-04-03",
            ["2026-03-05", "2026-03-06"],
            "Collected: every date can be read in one way only",
        ),
        (
            "1980-04-03",
            ["05/03/2026", "06/03/2026"],
            "Collected: day and month cannot be told apart in 2 of the rows",
        ),
        ("1980-04-03", ["05/03/2026", "26/03/2026"], "Collected: day first"),
        ("1980-04-03", ["03/05/2026", "03/26/2026"], "Collected: month first"),
        ("03/04/1980", ["2026-03-05", "2026-03-06"], "Date of birth: day and month cannot"),
    ],
)
def test_dates(identify, births, collected, expected):
    said = identify([(births, day, "12.5") for day in collected])
    assert expected in said, said
    # Whoever has to choose is told where.
    assert ("date_order" in said) is ("cannot" in expected)


def test_what_is_held_is_counted_by_column(identify):
    rows = [
        ("1980-04-03", "05/03/2026", "many"),
        ("1980-04-03", "05/03/2026", "few"),
        ("1980-04-03", "05/03/2026", "12.5"),
    ]
    said = identify(rows)
    assert "held          2 rows: not-a-number (value)" in said, said
    assert "held          3 rows: date-ambiguous (Collected)" in said, said
    assert "many" not in said
    counted = json.loads(identify(rows, "--json"))[0]["held"]
    assert {"column": "value", "code": "not-a-number", "rows": 2} in counted
    assert "held" not in identify([("1980-04-03", "2026-03-05", "12.5")])
