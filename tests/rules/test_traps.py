"""Spellings, factors and pairs that are easily taken for something else, from file to finding."""

from datetime import date

import pandas as pd
import pytest

from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_conflicts
from pipeline.reconcile.reportable_results import select_reportable

from .conftest import read_table

KNOWLEDGE = load_knowledge()

TRAPS = """
    analyte          | value  | unit        | rule           | answer        | canonical
    # a multiplier: thousands in a microliter, not a count in a thousand of them
    WBC              | 3.9    | 1000/uL     | low-white-cells | present      | 3.9
    WBC              | 4.0    | 1000/uL     | low-white-cells | absent       | 4.0
    Platelets        | 149    | *1000/ul    | low-platelets  | present       | 149
    # cyanocobalamin, 1.3554, not the molecule without cyanide, 1.329
    Vitamin B12      | 200    | pmol/L      | low-b12        | absent        | 271.08
    # a published pair is compared in its own unit
    Vitamin B12      | 132.9  | pmol/L      | low-b12        | present       | 180.13266
    Vitamin B12      | 133    | pmol/L      | low-b12        | absent        | 180.2682
    Vitamin B12      | 180.1  | ng/L        | low-b12        | absent        | 180.1
    Vitamin B12      | 18     | ng/dL       | low-b12        | absent        | 180
    Vitamin B12      | 0.179  | ng/mL       | low-b12        | present       | 179
    # 12.0 g/dL in moles of the monomer
    Hemoglobin       | 7.4472 | mmol/L      | anemia         | absent        | 120.00418
    Hemoglobin       | 7.44   | mmol/L      | anemia         | present       | 119.88816
    Hemoglobin       | 12.0   | g/dL        | anemia         | absent        | 120
    # a wrong prefix, an unknown or a missing unit is held, never guessed
    Vitamin B12      | 0.2    | nmol/L      | low-b12        | indeterminate |
    Vitamin B12      | 0.02   | mg/dL       | low-b12        | indeterminate |
    Vitamin B12      | 150    |             | low-b12        | indeterminate |
    WBC              | 3.9    | K/ML        | low-white-cells | indeterminate |
    WBC              | 3.9    | T/L         | low-white-cells | indeterminate |
    WBC              | 3.9    | T/CMM       | low-white-cells | present      | 3.9
    Platelets        | 1.00   | 1.00E+04    | low-platelets  | indeterminate |
    # lakh and wan
    Platelets        | 1.4    | lakhs/cumm  | low-platelets  | present       | 140
    Platelets        | 1.5    | lakhs/cumm  | low-platelets  | absent        | 150
    Platelets        | 14.9   | 万/µL       | low-platelets  | present       | 149
    # both signs for micro
    Platelets        | 149000 | /µL         | low-platelets  | present       | 149
    Platelets        | 149000 | /μL         | low-platelets  | present       | 149
    # a percentage is no count
    Neutrophils      | 1.4    | 10*9/L      | low-neutrophils | present      | 1.4
    Neutrophils      | 14     | %           | low-neutrophils | not-tested   |
    # a bound below the limit is low, one above it cannot be placed
    Vitamin B12      | <150   | ng/L        | low-b12        | present       | 150
    Vitamin B12      | <200   | ng/L        | low-b12        | indeterminate | 200
    Vitamin B12      | <200   | ng/L        | b12-not-placeable | present    | 200
    Vitamin B12      | >2000  | ng/L        | low-b12        | absent        | 2000
"""


LINES = read_table("\n".join(line for line in TRAPS.strip().splitlines() if line.strip()[0] != "#"))


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """All of them in one export, each its own patient: the results, and what the rules say."""
    path = tmp_path_factory.mktemp("traps") / "export.csv"
    rows = ["patient_id,sex,birth_date,accession,collected_at,test,result,unit"]
    for number, trap in enumerate(LINES):
        who = f"P{number},F,1980-05-01,A{number},2026-03-01"
        rows += [f"{who},{trap['analyte']},{trap['value']},{trap['unit']}", f"{who},TSH,2,mIU/L"]
    path.write_text("\n".join(rows), encoding="utf-8")
    file = read_results(path, path.name, KNOWLEDGE, SiteConventions(), today=date(2026, 11, 1))
    dataset = hold_conflicts(combine([file]))
    selected = select_reportable(dataset.results, dataset.held, KNOWLEDGE)
    held = pd.concat([dataset.held, selected.held], ignore_index=True)
    said = interpret_results(selected.results, held, KNOWLEDGE)
    outcomes = said.findings.set_index(["accession", "rule"])["outcome"]
    measured = selected.results[selected.results["analyte"].ne("tsh")]
    return outcomes, measured.set_index("accession")["value"]


@pytest.mark.parametrize(
    ("number", "trap"),
    list(enumerate(LINES)),
    ids=[f"{t['analyte']} {t['value']} {t['unit']} {t['rule']}" for t in LINES],
)
def test_a_trap(number, trap, read):
    outcomes, values = read
    assert outcomes[f"A{number}", trap["rule"]] == trap["answer"]
    if trap["canonical"]:
        assert values[f"A{number}"] == pytest.approx(float(trap["canonical"]), rel=1e-6)
