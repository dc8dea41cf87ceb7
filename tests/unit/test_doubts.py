"""What a report says of a specimen that is doubted, and that nobody reads "absent" as sure."""

from dataclasses import fields, replace

from pipeline.interpret import interpret_results
from pipeline.knowledge.load import load_knowledge
from pipeline.publish.publish import _reported
from pipeline.report.patient.assemble import assemble_reports
from pipeline.review.case_tables import tables_of
from tests.rules.conftest import read_table

from .report_tables import RUN, nothing_assessed

KNOWLEDGE = load_knowledge()


def interpret(text):
    tables = tables_of(read_table(text), KNOWLEDGE)
    said = interpret_results(
        tables.results, tables.held, KNOWLEDGE, observations=tables.observations
    )
    return tables, said


def report_of(text):
    tables, said = interpret(text)
    parts = {part.name: getattr(said, part.name) for part in fields(said)}
    assessed = replace(nothing_assessed(), held=tables.held, knowledge=KNOWLEDGE, **parts)
    (report,) = assemble_reports(assessed, RUN)
    return report


def test_the_summary_asks_whether_the_specimen_is_believable():
    (card,) = report_of("""
        sex | age | hemoglobin | mcv  | mchc
        F   | 60y | 13.8 g/dL  | 94.8 | 41.3 g/dL
    """).artifacts
    assert card.title == "Possible red cell agglutination"
    assert card.evidence == "MCHC 41.3 g/dL on 2026-03-01"
    assert "MCV may be wrong" in card.touches.splitlines()
    assert card.specimen == "A000 2026-03-01"
    # Every rule that is absent because of the volume of the cells is named, macrocytosis first.
    assert "Not found, but not to be relied on: macrocytosis" in card.comment
    assert card.suggest.startswith("the specimen warmed")


def test_words_and_numbers_that_are_held_are_evidence_too():
    (card,) = report_of("""
        platelets | platelet-clumps
        90        | yes
    """).artifacts
    assert card.evidence == "Platelet clumps"
    # Clumps make a count too low: only that there are not very many is not to be relied on.
    assert card.comment.count("Not found") == 1
    assert "Not found, but not to be relied on: very many platelets." in card.comment


def test_only_specimens_that_something_rests_on_are_told():
    report = report_of("""
        patient | day        | platelets | platelet-clumps
        P1      | 2026-01-01 | 90        | yes
        P1      | 2026-02-01 | 200       |
    """)
    assert report.artifacts == ()


def test_findings_csv_tells_what_is_absent_but_unconfirmed():
    _, said = interpret("""
        patient | age | white-cells | platelet-clumps
        P1      | 40y | 5           | yes
        P2      | 40y | 5           |
    """)
    told = _reported(said.findings, (), all_outcomes=False)
    of_rule = told[told["rule"].eq("low-white-cells")]
    assert list(of_rule["patient_id"]) == ["P1"]
    assert list(of_rule["artifact"]) == ["clumps"]
