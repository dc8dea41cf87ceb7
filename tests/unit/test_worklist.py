from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from pipeline.history.notes import WorklistNotes
from pipeline.interpret.since_last_report import compare_current
from pipeline.issues import all_issues, issue_of_file, issues_at
from pipeline.report.excel.package import save_workbook
from pipeline.report.report_model import RunInfo
from pipeline.report.report_names import file_name
from pipeline.report.worklist import worklist_workbook
from pipeline.report.worklist.worklist_workbook import render_worklist
from schemas.vocabulary import Disposition
from tests.golden.render import render_workbook_text
from tests.unit.report_tables import RUN, Tables, knowledge, make_tables

NOTHING_TYPED = WorklistNotes()

WARD = """
    patient | name   | sex | birth      | years | specimen | at         | analyte     | result
    P1      | Ada    | F   | 1961-04-02 | 64    | S1       | 2026-03-01 | platelets   | 250 10*9/L
    P2      | Bo     | M   |            | 40    | S2       | 2026-03-02 | hemoglobin  | 62 g/L
    P2      | Bo     | M   |            | 40    | S2       | 2026-03-02 | mcv         | 112 fL
    P3      | =1+1   |     |            |       | S3       |            | platelets   | <200 10*9/L
    =P4     | Dee    | F   |            | 40    | S4       | 2026-03-03 | mcv         | held not-a-number
    p5 x    | Eve    | F   |            | 40    | S5       | 2026-02-08 | vitamin-b12 | 120 ng/L
    p5 x    | Eve    | F   |            | 40    | S5       | 2026-02-08 | folate      | held unit-missing
"""


def render(tables: Tables, run: RunInfo = RUN, entries: WorklistNotes = NOTHING_TYPED) -> Workbook:
    book, _ = render_worklist(
        tables.assessment(),
        run,
        compare_current(None, tables.listed),
        {
            patient: f"patients/{file_name(patient)}.xlsx"
            for patient in tables.results["patient_id"].unique()
        },
        entries,
    )
    return book


def reopened(book: Workbook, folder: Path) -> Workbook:
    save_workbook(book, folder / "worklist.xlsx", RUN.run_at)
    return load_workbook(folder / "worklist.xlsx")


def lines_of(book: Workbook, name: str = "Worklist") -> list[dict[str, object]]:
    head, *body = book[name].iter_rows(min_row=3, values_only=True)
    return [dict(zip(head, row, strict=True)) for row in body]


def table_of(book: Workbook, sheet: str, name: str) -> list[dict[str, object]]:
    head, *body = book[sheet][book[sheet].tables[name].ref]
    titles = [cell.value for cell in head]
    return [dict(zip(titles, [cell.value for cell in row], strict=True)) for row in body]


def test_one_line_per_patient_in_the_order_given(tmp_path):
    tables = make_tables(WARD)
    book = reopened(render(tables), tmp_path)
    assert book.sheetnames == [
        "Worklist",
        "Changed since last run",
        "Critical calls",
        "Technician",
        "Hematologist",
        "Analyst",
        "Held data",
        "Counts per rule",
        "Run summary",
    ]
    lines = lines_of(book)
    assert [line["Patient id"] for line in lines] == list(tables.patients["patient_id"])
    assert [line["Priority"] for line in lines] == list(tables.patients["priority"])
    by_id = {line["Patient id"]: line for line in lines}
    assert by_id["P2"]["Urgency"] == "At once"
    assert by_id["P2"]["Sex"] == "male"
    assert by_id["P2"]["Birth date"] == "not stated"
    assert by_id["P1"]["Birth date"] == datetime(1961, 4, 2)
    assert by_id["P3"]["Last collected"] == "not stated"
    eve = by_id["p5 x"]
    # Days count from the arrival; the day of collection stands beside them.
    assert (eve["Arrived"], eve["Days waiting"]) == (datetime(2026, 3, 4), 6)
    assert eve["Collected"] == datetime(2026, 2, 8)
    assert eve["Held"] == 1


@pytest.mark.parametrize(
    ("patient", "why"),
    [
        ("P1", "Too little was judged to say that nothing was found; judged: PLT"),
        (
            "P2",
            "Anemia (severe); Macrocytic anemia; Macrocytosis (moderate); Low hemoglobin: critical "
            "value to telephone",
        ),
        (
            "P3",
            "Cannot be decided: low platelets, bicytopenia, pancytopenia, macrocytosis with low "
            "platelets or neutrophils while vitamin B12 and folate are not low, pancytopenia with "
            "low vitamin B12, outside what is looked for here",
        ),
        ("=P4", "1 result, held"),
        ("p5 x", "Low vitamin B12"),
    ],
)
def test_why_in_plain_words(tmp_path, patient, why):
    book = reopened(render(make_tables(WARD)), tmp_path)
    said = {line["Patient id"]: line["Why"] for line in lines_of(book)}[patient]
    assert said == why


def test_an_identity_conflict_and_an_unconfirmed_finding_are_said(tmp_path):
    tables = make_tables(WARD)
    tables = replace(
        tables,
        patients=tables.patients.assign(in_conflict=tables.patients["patient_id"].eq("=P4")),
        current=tables.current.assign(
            status=tables.current["status"].where(
                tables.current["rule"].ne("low-b12"), "unconfirmed"
            )
        ),
    )
    lines = {line["Patient id"]: line for line in lines_of(render(tables))}
    assert [lines["=P4"][title] for title in ("Name", "Sex", "Birth date")] == ["in conflict"] * 3
    why = {patient: line["Why"] for patient, line in lines.items()}
    assert why["=P4"].startswith("Identity conflict: nothing is reported")
    assert why["p5 x"] == "Low vitamin B12 ◇ unconfirmed: repeat first"


@pytest.mark.parametrize(
    ("second", "grade"),
    # The later of two with a time decides; without a time the deeper one does.
    [("2026-03-01 18:00", "moderate"), ("2026-03-01", "severe")],
)
def test_the_grade_that_stands_of_a_day_is_named(second, grade):
    tables = make_tables(
        "patient | years | specimen | at | analyte | result\n"
        "P1 | 40 | S1 | 2026-03-01 08:00 | platelets | 40 10*9/L\n"
        f"P1 | 40 | S2 | {second} | platelets | 70 10*9/L"
    )
    (line,) = lines_of(render(tables))
    assert line["Why"] == f"Low platelets ({grade})"


def test_links_lead_to_the_workbooks_and_only_there(tmp_path):
    book = reopened(render(make_tables(WARD)), tmp_path)
    links = {
        row[2].value: row[2].hyperlink.target if row[2].hyperlink else None
        for row in book["Worklist"].iter_rows(min_row=4)
    }
    assert links == {
        "P1": "patients/P1.xlsx",
        "P2": "patients/P2.xlsx",
        "P3": "patients/P3.xlsx",
        "=P4": None,
        "p5 x": f"patients/{file_name('p5 x')}.xlsx",
    }
    assert {cell.data_type for sheet in book for row in sheet for cell in row} <= {"s", "n", "d"}


def test_a_finding_that_is_of_no_date_waits_since_no_day():
    tables = make_tables("at | years | analyte | result\n | 40 | platelets | 90 10*9/L")
    (line,) = lines_of(render(tables))
    assert (line["Collected"], line["Days waiting"]) == (None, 6)


def test_more_lines_than_a_sheet_holds_go_on_in_another(monkeypatch, tmp_path):
    monkeypatch.setattr(worklist_workbook, "LINES_PER_SHEET", 2)
    tables = make_tables(WARD)
    book = reopened(render(tables), tmp_path)
    assert book.sheetnames[:4] == [
        "Worklist",
        "Worklist 2",
        "Worklist 3",
        "Changed since last run",
    ]
    listed = [line["Patient id"] for name in book.sheetnames[:3] for line in lines_of(book, name)]
    assert listed == list(tables.patients["patient_id"])


def test_held_data_is_grouped_by_problem_and_by_place(tmp_path):
    tables = make_tables(WARD)
    tables = replace(
        tables,
        issues=all_issues(
            tables.issues,
            issues_at(tables.results.iloc[:1], "not-a-number", column="Hb"),
            issues_at(tables.results.iloc[1:3], "reference-unreadable"),
            issue_of_file("bad.csv", "file-unreadable"),
        ),
    )
    book = reopened(render(tables), tmp_path)
    problems = table_of(book, "Held data", "Problems")
    assert [(row["Code"], row["Kind"], row["Count"]) for row in problems] == [
        ("not-a-number", "■ held", 2),
        ("file-unreadable", "■ held", 1),
        ("unit-missing", "■ held", 1),
        ("reference-unreadable", "note", 2),
    ]
    assert problems[0]["What to do"].startswith("Enter a number")
    places = {
        (row["File"], row["Column"], row["Problem"][:20]): (row["Count"], row["Rows"])
        for row in table_of(book, "Held data", "Places")
    }
    assert places[("bad.csv", None, "The file cannot be r")] == (1, "the whole file")
    assert places[("march.csv", "Result", "The laboratory's ref")] == (2, "3-4")
    assert sum(count for count, _rows in places.values()) == len(tables.issues)


def test_every_issue_is_counted_however_many():
    tables = make_tables(WARD)
    many = tables.results.iloc[[0] * 500].assign(source_row=range(2, 1002, 2))
    tables = replace(tables, issues=issues_at(many, "not-a-number"))
    (row,) = table_of(render(tables), "Held data", "Places")
    assert row["Count"] == 500
    assert row["Rows"].endswith("… and 440 more")


def test_counts_per_rule(tmp_path):
    tables = make_tables(WARD)
    book = reopened(render(tables), tmp_path)
    counts = {row["Id"]: row for row in table_of(book, "Counts per rule", "Counts")}
    assert set(counts) == {rule.id for rule in knowledge().shown_rules()}
    specimens = tables.findings["accession"].nunique()
    for row in counts.values():
        assert specimens == sum(
            row[f"Specimens {outcome}"]
            for outcome in ("present", "undecided", "absent", "not tested")
        )
    low = counts["low-platelets"]
    assert (low["Patients with it now"], low["Patients undecided now"]) == (0, 1)
    assert counts["low-b12"]["Patients with it now"] == 1


@pytest.mark.parametrize(
    ("read", "said"),
    [(9, "yes"), (10, "NO: 9 are"), (None, None)],
)
def test_run_summary_says_whether_every_result_is_accounted_for(tmp_path, read, said):
    book = reopened(render(make_tables(WARD), replace(RUN, read=read)), tmp_path)
    facts = {row["What"]: row["Value"] for row in table_of(book, "Run summary", "Run")}
    assert facts.get("Every result accounted for") == said
    assert facts.get("Results read") == read
    if read is not None:
        assert [facts[f"Results {kind}"] for kind in Disposition] == [8, 1, 0, 0, 0]
    assert (facts["Patients"], facts["Patient workbooks"]) == (5, 4)
    files = table_of(book, "Run summary", "Files")
    assert [(row["File"], row["SHA-256"]) for row in files] == list(RUN.files)


def test_nobody_at_all_still_gives_a_worklist(tmp_path):
    tables = make_tables(WARD)
    empty = Tables(
        patients=tables.patients.iloc[:0],
        results=tables.results.iloc[:0],
        held=tables.held.iloc[:0],
        issues=tables.issues.iloc[:0],
        findings=tables.findings.iloc[:0],
        current=tables.current.iloc[:0],
        evidence=tables.evidence.iloc[:0],
        moves={},
    )
    text = render_workbook_text(reopened(render(empty), tmp_path))
    assert "A4: none" in text
    assert "Counts per rule" in text


def test_the_header_stays_in_sight_and_prints_on_every_page(tmp_path):
    sheet = reopened(render(make_tables(WARD)), tmp_path)["Worklist"]
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("D4", "$1:$3")
    assert sheet.tables["Worklist"].autoFilter.ref == sheet.tables["Worklist"].ref
    assert sheet.oddFooter.left.text == "For decision support only"


def test_versions_in_conflict_stand_side_by_side(tmp_path):
    tables = make_tables("""
        patient | name      | sex | birth      | years | specimen | at         | analyte | result
        p1      | Ann Reed  | F   | 1950-02-03 | 76    | S1       | 2026-02-01 | mcv     | held identity-conflict
        p1      | Bo Marsh  | M   | 1950-02-03 | 76    | S2       | 2026-02-02 | mcv     | held identity-conflict
        p2      | Cy Sedge  | F   |            | 40    | S3       | 2026-02-03 | mcv     | held specimen-conflict
        p3      |           | F   |            | 40    | S3       | 2026-02-03 | mcv     | held specimen-conflict
        p4      | Di Thrift | F   |            | 40    | S4       | 2026-02-03 | mcv     | 90 fL
    """)
    sheet = reopened(render(tables), tmp_path)["Identity conflicts"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5)]
    # Hold id and version, by which `labflag release` is told, stand between.
    lines = [[*row[:3], *row[5:8]] for row in rows]
    day = datetime(1950, 2, 3)
    assert lines == [
        ["S3", "specimen id", "p2", "Cy Sedge", "female", "not stated"],
        ["S3", "specimen id", "p3", "not stated", "female", "not stated"],
        ["p1", "patient id", "p1", "Ann Reed", "female", day],
        ["p1", "patient id", "p1", "Bo Marsh", "male", day],
    ]


def test_without_a_conflict_there_is_no_such_sheet(tmp_path):
    tables = make_tables("""
        patient | sex | years | specimen | at         | analyte | result
        p4      | F   | 40    | S4       | 2026-02-03 | mcv     | 90 fL
    """)
    assert "Identity conflicts" not in render(tables).sheetnames


ASIDE = """
    patient | name | sex | years | specimen | at         | analyte     | result
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | vitamin-b12 | 250 ng/L
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | hemoglobin  | 140 g/L
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | mcv         | 90 fL
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | platelets   | 250 10*9/L
    P1      | Ada  | F   | 64    | S1       | 2026-03-01 | white-cells | 6 10*9/L
    P2      | Bea  | F   | 64    | S2       | 2026-03-01 | vitamin-b12 | 250 ng/L
    P3      | Cia  | F   | 64    | S3       | 2026-03-01 | mcv         | 90 fL
"""


@pytest.mark.parametrize(
    ("language", "sheet", "head", "counted"),
    [
        ("en", "For information", "Patient id", "2 patients on this list; 1 more for information"),
        ("de", "Zur Kenntnis", "Patienten-ID", "2 Patienten auf dieser Liste; 1 weiterer zur Kenntnis"),
    ],
)  # fmt: skip
def test_those_for_information_have_a_sheet_of_their_own(tmp_path, language, sheet, head, counted):
    tables = make_tables(ASIDE)
    book = reopened(render(tables, replace(RUN, language=language)), tmp_path)
    first = book.sheetnames[0]
    assert book.sheetnames[1] == sheet
    assert [line[head] for line in lines_of(book, sheet)] == ["P1"]
    assert sorted(line[head] for line in lines_of(book, first)) == ["P2", "P3"]
    assert counted in book[first]["A1"].value
    # They are left out of the sheets of findings; nobody is to act on them.
    for place in (4, 5):
        listed = {row[0].value for row in book.worksheets[place].iter_rows(min_row=3)}
        listed |= {row[1].value for row in book.worksheets[place].iter_rows(min_row=3)}
        assert "P1" not in listed
    facts = {row[0].value: row[1].value for row in book.worksheets[-1].iter_rows(min_row=3)}
    assert facts["Patients for information" if language == "en" else "Patienten zur Kenntnis"] == 1


def test_the_page_shows_them_in_a_section_and_leaves_nobody_out():
    tables = make_tables(ASIDE)
    _, page = render_worklist(
        tables.assessment(), RUN, compare_current(None, tables.listed), {}, NOTHING_TYPED
    )
    above, below = page.split('<section aria-labelledby="aside-title">')
    assert ">P1<" not in above
    assert ">P1<" in below
    assert all(f">{patient}<" in above and f">{patient}<" not in below for patient in ("P2", "P3"))
    assert "3 patients" in above


def test_without_anybody_for_information_there_is_no_such_sheet(tmp_path):
    book = reopened(render(make_tables(WARD)), tmp_path)
    assert "For information" not in book.sheetnames
    assert "more for information" not in book["Worklist"]["A1"].value
