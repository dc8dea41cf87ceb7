"""The catalogues of what reports say: every text in every language, none of them too much."""

import re
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.load import load_knowledge
from pipeline.report.patient.assemble import assemble_reports
from pipeline.report.patient.patient_workbook import render_workbook
from pipeline.texts import ENGLISH, GERMAN, LANGUAGES
from pipeline.texts.examples import EXAMPLES
from schemas.vocabulary import Grade, Outcome, Reason, ResultStatus, Sex
from tests.unit.report_tables import RUN, make_tables

FORBIDDEN = re.compile(
    r"diagnos|rul(e|es|ed|ing) out|ausgeschlossen|adequate|ausreichend|confirmed deficiency|"
    r"gesicherte[rn]? mangel|pernicious|perniziös|\bnormal|ancestry|ethnic|herkunft des patienten|"
    r"\d\s*(mg|mcg|µg|IU|IE)\b(?!/)",
    re.IGNORECASE,
)
# Everyday English that no German text has.
ENGLISH_WORDS = re.compile(
    r"\b(the|of|and|not|with|below|above|held|specimen|reported|present|absent|result|results|"
    r"finding|findings|limit|collected|is|low|high)\b"
)
MUCH = """
    years | specimen | at         | analyte     | result               | low | high
    44    | S1       | 2026-01-05 | hemoglobin  | 12.5 g/dL            | 12  | 16
    44    | S1       | 2026-01-05 | platelets   | 90 10*9/L            | 150 | 400
    44    | S2       | 2026-03-01 | hemoglobin  | 9.8 g/dL             | 12  | 16
    44    | S2       | 2026-03-01 | mcv         | 112.4 fL             | 80  | 100
    44    | S2       | 2026-03-01 | platelets   | <200 10*9/L          | 150 | 400
    44    | S2       | 2026-03-01 | vitamin-b12 | 98.4 pmol/L          | 138 |
    44    | S2       | 2026-03-01 | folate      | 12 nmol/L            |     |
    44    | S2       | 2026-03-01 | ferritin    | held unit-missing    |     |
"""


def places(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def book_in(language: str):
    tables = make_tables(MUCH)
    (report,) = assemble_reports(
        patients=tables.patients,
        results=tables.results,
        held=tables.held,
        issues=tables.issues,
        findings=tables.findings,
        standing=tables.standing,
        evidence=tables.evidence,
        knowledge=load_knowledge(language=language),
        run=replace(RUN, language=language),
    )
    return report, render_workbook(report)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_in_every_language_with_the_same_places(language):
    entries = LANGUAGES[language].entries
    assert entries.keys() == ENGLISH.entries.keys()
    for key, text in ENGLISH.entries.items():
        assert places(entries[key]) == places(text), key
        # Heads of tables are joined by bars, as many in each language.
        assert entries[key].count("|") == text.count("|"), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_heads_of_a_table_differ(language):
    for key, text in LANGUAGES[language].entries.items():
        heads = [head for head in text.casefold().split("|") if head.strip()]
        assert len(set(heads)) == len(heads), key


def test_every_text_is_used():
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parents[2] / "pipeline" / "report").rglob("*.py")
        if not path.name.startswith(("english", "german"))
    )
    made = {
        *(f"sex.{each}" for each in Sex),
        *(f"{kind}.{each}" for kind in ("mark", "grade") for each in Grade),
        *(f"outcome.{each}" for each in Outcome),
        *(f"status.{each}" for each in (*ResultStatus, "calculated")),
        *(f"{kind}.{each}" for kind in ("why", "settled", "short") for each in Reason),
    }
    families = (
        "flag.", "direction.", "state.", "change.", "banner.", "summary.", "sheet.", "units.",
        "made.units.", "artifact.", "trends.", "settled.", "day.", "month.", "year.", "mark.",
        "template.", "list.", "topic.", "changed.", "run.", "hand-back.", "way.",
    )  # fmt: skip
    unused = [
        key
        for key in ENGLISH.entries
        if f'"{key}"' not in source
        and f"'{key}'" not in source
        and f'"{key.removesuffix(".one").removesuffix(".many").removesuffix(".heads").removesuffix(".none")}"'
        not in source
        and key not in made
        and not key.startswith(families)
    ]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_of_a_result_has_words(language):
    entries = LANGUAGES[language].entries
    for reason in Reason:
        assert {f"{kind}.{reason}" for kind in ("why", "settled", "short")} <= set(entries)
    for outcome in Outcome:
        assert f"outcome.{outcome}" in entries


def test_every_problem_of_a_row_is_said_in_german():
    assert set(EXAMPLES) <= set(GERMAN.problems) <= set(CATALOGUE)
    for code in GERMAN.problems:
        sentence, fix = GERMAN.problem(CATALOGUE[code])
        assert sentence.endswith((".", "?")), code
        assert bool(fix) or code not in EXAMPLES, code


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_forbidden_word(language):
    texts = LANGUAGES[language]
    said = [*texts.entries.values(), *(text for pair in texts.problems.values() for text in pair)]
    assert [text for text in said if FORBIDDEN.search(text)] == []


CONVENTION = "Laborinterne Festlegung dieses Profils"


def test_no_english_stands_in_a_german_report():
    report, book = book_in("de")
    rules = [row.rule for row in report.findings]
    quoted = {rule.id for rule in rules} | {rule.wording for rule in rules}
    quoted |= {
        f"{rule.wording}; {CONVENTION}: {rule.conventions}".removeprefix("; ") for rule in rules
    }
    quoted |= {text for each in report.citations for text in (each.title, each.where, str(each))}
    said = [
        line
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value not in quoted
        for line in cell.value.split("\n")
        if not line.startswith(("Veröffentlicht: ", CONVENTION))
    ]
    citations = {"; ".join(map(str, row.rule.citations)) for row in report.findings}
    leaks = [line for line in said if ENGLISH_WORDS.search(line) and line not in citations]
    assert len(said) > 300
    assert leaks == []
    assert "Vitamin B12 98,4 pmol/L" in "".join(said)


def test_both_languages_say_the_same():
    (english, _), (german, _) = book_in("en"), book_in("de")
    for one, other in (
        (english.present, german.present),
        (english.undecided, german.undecided),
        (english.held, german.held),
        (english.results, german.results),
    ):
        assert len(one) == len(other)
    for one, other in zip(english.findings, german.findings, strict=True):
        assert (one.rule.id, one.outcome, one.grade) == (other.rule.id, other.outcome, other.grade)
        assert len(one.suggest) == len(other.suggest), one.rule.id
        assert len(one.comments) == len(other.comments)


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("de", "de")])
def test_a_workbook_is_tagged_with_its_language(language, tag):
    assert book_in(language)[1].properties.language == tag
