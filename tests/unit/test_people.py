"""What one row says of a patient holds for the others; a contradiction holds them all."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_conflicts

KNOWLEDGE = load_knowledge()
HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit"


def intake_of(tmp_path: Path, *rows: str):
    path = tmp_path / "march.csv"
    path.write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    file = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
    return hold_conflicts(combine([file]))


def test_sex_and_birth_date_are_completed_and_said(tmp_path):
    dataset = intake_of(
        tmp_path,
        "P1,,M,1980-05-01,S1,2026-03-01,MCV,90,fL",
        "P1,,,,S2,2026-05-01,MCV,91,fL",
        "P2,,,,S3,2026-05-01,MCV,92,fL",
    )
    rows = dataset.results.set_index("accession")
    assert rows["sex"].to_dict() == {"S1": "M", "S2": "M", "S3": ""}
    assert rows.loc["S2", "age_months_low"] == rows.loc["S2", "age_months_high"] == 46 * 12
    assert rows["birth_date"].isna().to_dict() == {"S1": False, "S2": False, "S3": True}
    assert list(dataset.issues["code"]) == ["demographics-completed"]


def test_a_stated_age_is_kept(tmp_path):
    path_header = HEADER.replace("birth_date", "age")
    assert path_header != HEADER
    dataset = intake_of(
        tmp_path,
        "P1,,F,,S1,2026-03-01,MCV,90,fL",
        "P1,,,1980-05-01,S2,2026-03-01,MCV,91,fL",
    )
    ages = dataset.results.set_index("accession")["age_months_low"]
    assert ages.to_dict() == {"S1": 45 * 12 + 10, "S2": 45 * 12 + 10}


@pytest.mark.parametrize("value", ["90", "see comment"])
def test_a_conflict_counts_also_where_the_rows_are_held_for_something_else(tmp_path, value):
    dataset = intake_of(
        tmp_path,
        f"P1,,F,1980-05-01,S1,2026-03-01,MCV,{value},fL",
        f"P1,,M,1960-05-01,S2,2026-03-01,MCV,{value},fL",
    )
    assert list(dataset.held["code"]) == ["identity-conflict", "identity-conflict"]
    assert set(dataset.held["sex"]) == {"F", "M"}
