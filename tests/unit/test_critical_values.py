"""Critical values are listed to be telephoned until a site says otherwise."""

from dataclasses import replace

import pytest

from pipeline.commands.context import knowledge_of
from pipeline.config import load_settings
from pipeline.errors import ConfigError
from pipeline.history.notes import WorklistNotes
from pipeline.interpret.since_last_report import compare_current
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.translate import translate
from pipeline.report.worklist.worklist_workbook import render_worklist
from tests.unit.report_tables import RUN, make_tables

COUNTS = """
    patient | name | sex | years | specimen | at         | analyte     | result
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | platelets   | {platelets}
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | hemoglobin  | {hemoglobin}
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | white-cells | {white}
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | neutrophils | {neutrophils}
"""
USUAL = {
    "platelets": "250 10*9/L", "hemoglobin": "140 g/L",
    "white": "6 10*9/L", "neutrophils": "4 10*9/L",
}  # fmt: skip


def book_of(tables, knowledge, language="en"):
    book, _ = render_worklist(
        tables.assessment(knowledge),
        replace(RUN, language=language),
        compare_current(None, tables.listed),
        {},
        WorklistNotes(),
    )
    return book


def calls_of(book, sheet="Critical calls"):
    """The texts of the sheet, and the value and specimen of each line."""
    cells = [[cell.value for cell in row] for row in book[sheet].iter_rows()]
    return [row[0] for row in cells if row[0]], [(row[1], row[2]) for row in cells if row[4]][1:]


@pytest.mark.parametrize(
    ("changed", "listed"),
    [
        ({}, []),
        ({"platelets": "19 10*9/L"}, ["Low platelets"]),
        ({"platelets": "8000 /uL"}, ["Low platelets"]),
        ({"platelets": "<10 10*3/uL"}, ["Low platelets"]),
        ({"platelets": "20 10*9/L"}, []),
        ({"platelets": "1001 10*9/L"}, ["High platelets"]),
        ({"platelets": "1000 10*9/L"}, []),
        ({"hemoglobin": "6.9 g/dL"}, ["Low hemoglobin"]),
        ({"hemoglobin": "7.0 g/dL"}, []),
        ({"hemoglobin": "20.1 g/dL"}, ["High hemoglobin"]),
        ({"hemoglobin": "200 g/L"}, []),
        ({"neutrophils": "0.49 10*9/L"}, ["Low neutrophils"]),
        ({"neutrophils": "500 /uL"}, []),
        ({"white": "101 10*9/L"}, ["High white cells"]),
        ({"white": ">100 10*3/uL"}, ["High white cells"]),
        ({"white": "100 10*9/L"}, []),
        # Not on the list unless a site switches on the group.
        ({"white": "1.9 10*9/L", "neutrophils": "1 10*9/L"}, []),
        ({"platelets": "8 10*9/L", "hemoglobin": "60 g/L"}, ["Low hemoglobin", "Low platelets"]),
        # Nothing can be said of what is held, and the rule for the same value says so.
        ({"platelets": "held not-a-number"}, []),
    ],
)
def test_what_is_listed_without_any_setting(changed, listed):
    tables = make_tables(COUNTS.format(**{**USUAL, **changed}))
    texts, lines = calls_of(book_of(tables, load_knowledge()))
    assert sorted(title.split(":")[0] for title, _ in lines) == listed
    assert any(
        text.startswith("The list of critical values is not yet confirmed") for text in texts
    )
    open_or_absent = tables.current[tables.current["outcome"].ne("present")]
    critical = [rule.id for rule in load_knowledge().critical_rules()]
    assert not open_or_absent["rule"].isin(critical).any()


def test_the_sheet_is_there_when_there_is_nothing_to_telephone():
    texts, lines = calls_of(book_of(make_tables(COUNTS.format(**USUAL)), load_knowledge()))
    assert (texts[0], lines) == ("No critical value to telephone", [])


def test_doubted_and_preliminary_values_are_listed_and_said_so():
    tables = make_tables(COUNTS.format(**{**USUAL, "platelets": "8 10*9/L"}))
    low = tables.findings["rule"].eq("critical-platelets")
    doubted = replace(
        tables,
        results=tables.results.assign(status="preliminary"),
        findings=tables.findings.assign(
            status=tables.findings["status"].mask(low, "unconfirmed"),
            artifact=tables.findings["artifact"].mask(low, "clumps"),
        ),
    )
    _, [(_, value)] = calls_of(book_of(doubted, load_knowledge()))
    assert value == (
        "8 ×10⁹/L; unconfirmed: platelet clumps; preliminary: final result awaited"
    )  # fmt: skip


def settings_of(tmp_path, text):
    path = tmp_path / "labflag.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


@pytest.mark.parametrize(
    ("text", "sheet", "said", "codes"),
    [
        ("", True, True, {"critical-platelets"}),
        ('critical_values = ""', True, True, {"critical-platelets"}),
        ('critical_values = "confirmed"', True, False, {"critical-platelets"}),
        ('critical_values = "off"', False, False, set()),
        # As it was written before.
        ('rule_groups = ["critical"]', True, True, {"critical-platelets", "critical-white-cells"}),
        (
            'rule_groups = ["critical"]\ncritical_values = "confirmed"',
            True, False, {"critical-platelets", "critical-white-cells"},
        ),
        ('rule_groups = ["critical-values"]', True, True, {"critical-platelets"}),
    ],
)  # fmt: skip
def test_a_site_chooses(tmp_path, text, sheet, said, codes):
    knowledge = knowledge_of(settings_of(tmp_path, text))
    tables = make_tables(
        COUNTS.format(**{**USUAL, "platelets": "8 10*9/L", "white": "1.9 10*9/L",
                         "neutrophils": "1 10*9/L"}),
        using=knowledge,
    )  # fmt: skip
    found = tables.findings[tables.findings["outcome"].eq("present")]
    critical = found[found["rule"].str.startswith("critical")]
    assert set(critical["rule"]) == codes
    book = book_of(tables, knowledge)
    assert ("Critical calls" in book.sheetnames) is sheet
    if sheet:
        texts, lines = calls_of(book)
        assert len(lines) == len(codes)
        assert any("not yet confirmed" in text for text in texts) is said
    marked = critical["comment"].str.contains("critical-value-not-confirmed")
    assert marked.to_list() == [said] * len(critical)


def test_a_word_that_is_no_choice_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="critical_values"):
        settings_of(tmp_path, 'critical_values = "yes"')


def test_in_german():
    tables = make_tables(COUNTS.format(**{**USUAL, "hemoglobin": "65 g/L"}))
    book = book_of(tables, translate(load_knowledge(), "de"), "de")
    texts, lines = calls_of(book, "Telefonpflichtige Werte")
    assert lines == [("Hämoglobin niedrig: telefonpflichtiger Wert", "65 g/L")]
    assert texts[0].startswith("1 telefonpflichtiger Wert.")
    assert texts[1].startswith("Die Liste der telefonpflichtigen Werte ist von diesem Labor noch")


def test_the_patients_report_says_it_once():
    tables = make_tables(COUNTS.format(**{**USUAL, "platelets": "8 10*9/L"}))
    report = tables.report()
    titles = [card.title for card in report.present]
    assert titles.count("Low platelets: critical value to telephone") == 1
    critical = [rule.id for rule in load_knowledge().critical_rules()]
    told = [row.rule.id for row in report.findings if row.rule.id in critical]
    assert told == ["critical-platelets"]
    assert not any("critical" in each.title for each in report.not_tested)
