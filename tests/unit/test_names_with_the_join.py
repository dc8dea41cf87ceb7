"""Names that hold "; ", the sign that joins evidence, and limits of one result among others."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence
from pipeline.knowledge.load import load_knowledge
from pipeline.publish.csv_text import csv_text
from pipeline.report.cited import cite
from pipeline.report.patient.finding_evidence import Wording, list_evidence
from pipeline.report.wording import describe_rules
from pipeline.report.worklist.critical_calls import rows_of
from pipeline.review.trial import EVERY, CaseFile, _choose, lay_cases
from pipeline.texts import ENGLISH
from tests.unit.report_tables import RUN, make_tables

MACROCYTIC = """
    years | file   | sheet   | specimen   | analyte    | result   | low | high | flag
    40    | {file} | {sheet} | {specimen} | hemoglobin | 9.8 g/dL | 12  | 16   | L
    40    | {file} | {sheet} | {specimen} | mcv        | 104 fL   | 80  | 100  | H
"""
PLAIN = {"file": "march.csv", "sheet": "March", "specimen": "S1"}


def findings_of(language, **names):
    tables = make_tables(MACROCYTIC.format(**(PLAIN | names)))
    (report,) = tables.reports(replace(RUN, language=language))
    (row,) = [each for each in report.findings if each.rule.id == "macrocytic-anemia"]
    marks = [each.findings for each in report.results]
    shown = [
        (e.title, e.comparator, e.value, e.unit, e.limits, e.directions, e.interval, e.status)
        for e in row.evidence
    ]
    return tables, shown, marks


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "names",
    [
        {"file": "march; ward 7.csv"},
        {"file": "a; b; c; d.csv"},
        {"sheet": "March; April"},
        {"specimen": "S1; S2"},
        {"file": "; march.csv", "sheet": "x; "},
        {"file": "ends;", "sheet": "; "},
    ],
)
def test_a_name_that_holds_the_join_takes_nothing_from_a_finding(language, names):
    _, plain, marks = findings_of(language)
    tables, shown, marked = findings_of(language, **names)
    assert shown == plain
    assert marked == marks
    assert all(each[6] for each in shown)
    (row,) = rows_of(tables.findings[tables.findings["rule"].eq("macrocytic-anemia")])
    file = names.get("file", "march.csv").strip()
    table = csv_text(join_evidence(tables.findings, tables.evidence))
    assert f"{file}; {file}" in table
    assert "\xa0" not in table
    assert row.outcome == "present"


def test_no_limit_of_any_case_shows_a_raw_join_or_an_empty_piece():
    knowledge = load_knowledge(groups=EVERY)
    files = [each for each in _choose(None, "default", knowledge).values() if isinstance(each, CaseFile)]  # fmt: skip
    tables = lay_cases(files, knowledge).tables
    said = interpret_results(
        tables.results, tables.held, knowledge, observations=tables.observations
    )
    findings = pd.concat([said.findings, said.shadow], ignore_index=True)
    evidence = pd.concat([said.evidence, said.shadow_evidence], ignore_index=True)
    columns = ["rule", "outcome", "analyte", "comparator", "value", "limit"]
    told = join_evidence(findings, evidence).drop_duplicates(columns)
    by_finding = cite(told, evidence)
    rules = describe_rules(knowledge)
    wording = Wording(knowledge=knowledge, texts=ENGLISH)
    wrong = set()
    for row in rows_of(told):
        cited = by_finding.of_finding(row)
        for each in list_evidence(row.outcome, rules[row.rule], cited, {}, wording):
            is_plain = "; " not in each.value + each.title
            # What is said in words has no limit.
            in_words = each.value.lower() in ("yes", "no", "ja", "nein")
            if not is_plain or (in_words and each.limits):
                wrong.add((row.rule, row.limit, each.title, each.limits, each.value))
    assert wrong == set()
