"""What the first page of a report says of results and limits, line by line."""

from dataclasses import replace

import pytest

from pipeline.report.excel.sheet import start_workbook
from pipeline.report.excel.style import Styler
from pipeline.report.patient.finding_evidence import round_limit
from pipeline.report.patient.summary import _leave_out_repeated, cut_sentences
from pipeline.report.patient.summary_sheet import join_alike, render_summary
from pipeline.report.report_model import OpenQuestion
from tests.unit.report_tables import RUN, knowledge, make_tables


def card(text: str, title: str):
    return {each.title: each for each in make_tables(text).report().present}[title]


def question(text: str, title: str):
    return {each.title: each for each in make_tables(text).report().undecided}[title]


@pytest.mark.parametrize(
    ("limit", "value", "shown"),
    [
        (7.44694054859, "5.7", "7.45"),
        (7.44694054859, "7.447", "7.4469"),
        (7.44694054859, "7.4469", "7.44694"),
        (120, "119", "120"),
        (1.5, "0.86", "1.5"),
        (120, "", "120"),
    ],
)
def test_a_converted_limit_is_shown_rounded_but_never_onto_the_result(limit, value, shown):
    assert round_limit(limit, value) == shown


def test_a_converted_limit_stays_exact_in_the_cell(tmp_path):
    text = "years | analyte | result\n40 | hemoglobin | 5.7 mmol/L"
    assert card(text, "Anemia").limit.splitlines()[0] == "Hemoglobin: below 7.45 mmol/L"
    (row,) = [row for row in make_tables(text).report().findings if row.rule.id == "anemia"]
    assert row.evidence[0].limits[0] == pytest.approx(7.4469, abs=1e-4)


@pytest.mark.parametrize(
    ("results", "lines"),
    [
        (
            "hemoglobin 98 g/L; platelets 90 10*9/L; white-cells 8 10*9/L; neutrophils 4 10*9/L",
            ["▼ below: Hb", "▼ below: PLT", "not below: WBC", "not below: NEUT"],
        ),
        (
            "hemoglobin 98 g/L; platelets 200 10*9/L; white-cells 3 10*9/L; neutrophils 2 10*9/L",
            ["▼ below: Hb", "not below: PLT", "▼ below: WBC", "not below: NEUT"],
        ),
        (
            "hemoglobin 98 g/L; platelets <90 10*9/L; white-cells 8 10*9/L; neutrophils <5 10*9/L",
            ["▼ below: Hb", "▼ below: PLT", "not below: WBC", "? open: NEUT"],
        ),
    ],
)
def test_a_compound_finding_says_which_line_is_low(results, lines):
    head = "years | analyte | result\n"
    rows = "\n".join(" | ".join(("40", *each.split(" ", 1))) for each in results.split("; "))
    found = make_tables(head + rows).report()
    titles = {"Bicytopenia", "Pancytopenia"}
    shown = [each.evidence for each in (*found.present, *found.undecided) if each.title in titles]
    assert shown[0].splitlines()[0] == "2026-03-01"
    assert [line.rsplit(" ", 2)[0] for line in shown[0].splitlines()[1:]] == lines


@pytest.mark.parametrize(
    ("status", "shown"),
    [("final", ""), ("preliminary", " (preliminary)"), ("corrected", " (corrected)")],
)
def test_a_status_that_is_not_final_is_said(status, shown):
    tables = make_tables("years | analyte | result\n40 | platelets | 98 10*9/L")
    report = replace(tables, results=tables.results.assign(status=status)).report()
    assert report.present[0].evidence == f"Platelets 98 ×10⁹/L on 2026-03-01{shown}"
    assert (report.results[0].status, report.results[0].is_provisional) == (status, bool(shown))


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("One. Two. Three. Four.", "One. Two. Three."),
        ("One: below 3.5 g/L. Two", "One: below 3.5 g/L. Two"),
        ("", ""),
    ],
)
def test_at_most_three_sentences(text, cut):
    assert cut_sentences(text) == cut


def test_an_interval_that_is_printed_is_not_asked_for():
    text = "years | analyte | result | low | high\n8 | vitamin-b12 | 250 ng/L | {} | {}"
    asked = question(text.format("", ""), "Low vitamin B12").settled_by
    printed = question(text.format(200, 900), "Low vitamin B12").settled_by
    assert asked == "The laboratory's own interval for this age."
    assert printed.startswith("Reading it against the laboratory's own interval, which is printed")


@pytest.mark.parametrize(
    ("results", "settled_by"),
    [
        # White cells stand for their line, so neutrophils settle nothing.
        ("hemoglobin 98 g/L; white-cells 8 10*9/L", "Platelets, from the same specimen."),
        (
            "hemoglobin 98 g/L; platelets 200 10*9/L",
            "White cells and neutrophils, from the same specimen.",
        ),
        (
            "hemoglobin 98 g/L; platelets <200 10*9/L; white-cells 8 10*9/L",
            "The figure itself: ask the laboratory for PLT.",
        ),
    ],
)
def test_what_would_settle_a_compound_question(results, settled_by):
    head = "years | analyte | result\n"
    rows = "\n".join(" | ".join(("40", *each.split(" ", 1))) for each in results.split("; "))
    assert question(head + rows, "Bicytopenia").settled_by == settled_by


@pytest.mark.parametrize(
    ("earlier", "now", "change"),
    [
        ("200", "98", "● new: not present on 2026-01-05 (200 ×10⁹/L)"),
        ("140", "98", "↓ worse than on 2026-01-05 (140 ×10⁹/L)"),
        ("40", "98", "↑ better than on 2026-01-05 (40 ×10⁹/L)"),
        ("90", "98", "= continuing: present on 2026-01-05 too (90 ×10⁹/L)"),
        ("<400", "98", "● new: undecided on 2026-01-05 (<400 ×10⁹/L)"),
    ],
)
def test_change_since_the_specimen_before(earlier, now, change):
    text = f"""
        years | specimen | at         | analyte   | result
        40    | S1       | 2026-01-05 | platelets | {earlier} 10*9/L
        40    | S2       | 2026-03-01 | platelets | {now} 10*9/L
    """
    assert card(text, "Low platelets").change == change


def test_without_an_earlier_specimen_it_is_said_that_there_was_none():
    alone = "years | analyte | result\n40 | platelets | 98 10*9/L"
    assert card(alone, "Low platelets").change == "– no earlier answer"


def test_what_is_resolved_is_said():
    report = make_tables(
        """
        years | specimen | at         | analyte   | result
        40    | S1       | 2026-01-05 | platelets | 90 10*9/L
        40    | S2       | 2026-03-01 | platelets | 190 10*9/L
        """
    ).report()
    assert report.resolved == ("Low platelets: present on 2026-01-05, not on 2026-03-01.",)


@pytest.mark.parametrize(
    ("laboratory", "address", "contact", "lines"),
    [
        ("", "", "", ["Laboratory worksheet", "Patient id"]),
        ("Lab One", "", "", ["Lab One", "Laboratory report", "Patient id"]),
        (
            "Lab One",
            "Street 1",
            "lab@example.org",
            ["Lab One", "Street 1 · lab@example.org", "Laboratory report", "Patient id"],
        ),
    ],
)
def test_letterhead(laboratory, address, contact, lines):
    run = replace(RUN, laboratory=laboratory, address=address, contact=contact)
    (report,) = make_tables("analyte | result\nmcv | 90 fL").reports(run)
    book = start_workbook("")
    render_summary(book, Styler(), report)
    sheet = book["Summary"]
    assert [sheet.cell(row, 1).value for row in range(1, len(lines) + 1)] == lines
    assert sheet.freeze_panes == f"A{len(lines) + 2}"
    assert book.defined_names["PatientId"].attr_text == f"'Summary'!$A${len(lines) + 1}"


@pytest.mark.parametrize(
    ("display", "result", "evidence", "converted", "unit"),
    [
        ("as-reported", "98 g/L", "98 g/L", 98, "g/L"),
        ("si", "98 g/L", "98 g/L", 98, "g/L"),
        ("conventional", "98 g/L", "98 g/L = 9.80 g/dL", 9.8, "g/dL"),
        ("conventional", "9.8 g/dL", "9.8 g/dL", 9.8, "g/dL"),
        ("si", "9.8 g/dL", "9.8 g/dL = 98.0 g/L", 98, "g/L"),
        ("as-reported", "9.8 g/dL", "9.8 g/dL", 98, "g/L"),
        ("conventional", "<98 g/L", "<98 g/L = <9.80 g/dL", 9.8, "g/dL"),
    ],
)
def test_units_that_the_site_wants_stand_beside_those_reported(
    display, result, evidence, converted, unit
):
    tables = make_tables(f"years | analyte | result\n40 | hemoglobin | {result}")
    (report,) = tables.reports(replace(RUN, units_display=display))
    cards = {each.title: each for each in report.present}
    assert cards["Anemia"].evidence == f"Hemoglobin {evidence} on 2026-03-01"
    # The limit is the one that was compared, in the unit reported.
    assert cards["Anemia"].limit.split()[3] == result.split()[1]
    (row,) = report.results
    assert (row.converted, row.converted_unit) == (pytest.approx(converted), unit)


def test_conversion_for_display_moves_nobody_across_a_limit():
    tables = make_tables("years | analyte | result\n40 | vitamin-b12 | 133 pmol/L")
    shown = {
        display: [
            (row.rule.id, row.outcome)
            for row in next(tables.reports(replace(RUN, units_display=display))).findings
        ]
        for display in ("as-reported", "si", "conventional")
    }
    assert shown["si"] == shown["conventional"] == shown["as-reported"]


def test_every_analyte_has_a_unit_to_show_in():
    for analyte in knowledge().analytes.values():
        for unit in analyte.display.values():
            assert unit in analyte.decimals, analyte.id


def ask(title: str, evidence: str, *rests_on: str) -> OpenQuestion:
    places = frozenset((each,) for each in rests_on)
    return OpenQuestion(title=title, evidence=evidence, why="w", settled_by="s", rests_on=places)


@pytest.mark.parametrize(
    ("questions", "told"),
    [
        ([ask("a", "MCV 101", "mcv")], "MCV 101"),
        ([ask("a", "MCV 101", "mcv"), ask("b", "MCV 101", "mcv")], "MCV 101"),
        # What rests on several says nothing that was not said.
        (
            [ask("a", "MCV 101", "mcv"), ask("b", "Hb 9", "hb"), ask("c", "MCV, Hb", "mcv", "hb")],
            "MCV 101\nHb 9",
        ),
        # It tells of a result that no other question does.
        (
            [ask("a", "MCV 101", "mcv"), ask("b", "MCV, PLT 149", "mcv", "plt")],
            "MCV 101\nMCV, PLT 149",
        ),
        # Two that rest on the same several results.
        ([ask("a", "MCV, Hb", "mcv", "hb"), ask("b", "Hb, MCV", "mcv", "hb")], "MCV, Hb\nHb, MCV"),
        # Of a single result, but of two dates.
        (
            [ask("a", "MCV 101\nalso open: May", "mcv", "may"), ask("b", "Hb 9", "hb")],
            "MCV 101\nalso open: May\nHb 9",
        ),
        ([ask("a", "Specimen of May"), ask("b", "Specimen of May")], "Specimen of May"),
    ],
)
def test_questions_that_share_a_row_leave_no_result_out(questions, told):
    (row,) = join_alike(questions)
    assert row.title.split("\n") == [each.title for each in questions]
    assert row.evidence == told


def test_a_card_does_not_repeat_what_an_earlier_one_has_said():
    """Unless it would be left with nothing to say."""
    cards = [("Low.", "Of adults."), ("Large.", "Of adults."), ("Of adults.",), ("Low.", "Few.")]
    assert [" ".join(each) for each in _leave_out_repeated(cards)] == [
        "Low. Of adults.",
        "Large.",
        "Of adults.",
        "Few.",
    ]


NORMOCYTIC = """
    sex | years | specimen | at         | analyte    | result
    F   | 40    | S1       | 2026-03-01 | hemoglobin | 9.8 g/dL
    F   | 40    | S1       | 2026-03-01 | mcv        | 90 fL
"""


def test_each_result_stands_beside_its_own_limits():
    assert card(NORMOCYTIC, "Normocytic anemia").limit == "Hb: below 12 g/dL\nMCV: 80 to 100 fL"
    (row,) = [
        each
        for each in make_tables(NORMOCYTIC).report().findings
        if each.rule.id == "normocytic-anemia"
    ]
    assert [(each.title, each.limits) for each in row.evidence] == [
        ("Hb", (12,)),
        ("MCV", (80, 100)),
    ]
