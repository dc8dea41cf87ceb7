"""High vitamin B12 and folate are results; numbers that nobody writes in their unit are held."""

import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge

KNOWLEDGE = load_knowledge()


@pytest.mark.parametrize(
    ("header", "cell", "issue", "used"),
    [
        ("Vitamin B12 (pg/mL)", "25844", "value-unusual", True),
        ("Vitamin B12 (pg/mL)", "70200", "value-unusual", True),
        ("Vitamin B12 (pmol/L)", "19068", "value-unusual", True),
        ("Vitamin B12 (pg/mL)", ">20000", "value-unusual", True),
        ("Vitamin B12 (pg/mL)", "100001", "value-impossible", False),
        ("Vitamin B12 (ng/mL)", "90", "value-impossible", False),
        ("Vitamin B12 (ng/mL)", "20.5", "value-impossible", False),
        ("Vitamin B12 (ug/L)", "75", "value-impossible", False),
        ("Vitamin B12 (ng/mL)", "0.35", "", True),
        ("Vitamin B12 (ng/dL)", "2500", "value-impossible", False),
        ("Folate (ng/mL)", "242.4", "value-unusual", True),
        ("Folate (ng/mL)", "689", "value-unusual", True),
        ("Folate (nmol/L)", "1561", "value-unusual", True),
        ("Folate (ng/mL)", "2000", "value-impossible", False),
    ],
)
def test_a_high_vitamin_is_used_with_a_note(tmp_path, header, cell, issue, used):
    path = tmp_path / "day.csv"
    path.write_text(f"Patient ID,Sex,Age,{header}\nP1,F,50,{cell}\n", encoding="utf-8")
    found = read_results(path, path.name, KNOWLEDGE, SiteConventions())
    codes = set(found.issues["code"]) & {"value-unusual", "value-impossible"}
    assert codes == ({issue} if issue else set())
    assert len(found.results) == int(used)
