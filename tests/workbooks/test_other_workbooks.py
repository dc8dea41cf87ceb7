"""What holds for the worklist and for the workbooks of held rows of a run."""

import csv
import re
import zipfile
from collections import Counter
from datetime import datetime

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from tests.workbooks.test_every_workbook import cells_of, luminance, rows_of


@pytest.fixture(scope="module")
def books(run_folder):
    """The worklist and every workbook of held rows: path → workbook."""
    folder, _ = run_folder
    paths = [folder / "worklist.xlsx", *sorted((folder / "held").glob("*.xlsx"))]
    assert len(paths) > 2
    return {path: load_workbook(path) for path in paths}


@pytest.fixture(scope="module")
def worklist(books):
    return next(iter(books.values()))


def test_panes_tables_filters_and_pages(books):
    for path, book in books.items():
        for sheet in book:
            page, said = sheet.page_setup, (path.name, sheet.title)
            assert (page.orientation, page.paperSize, page.fitToWidth) == ("landscape", 9, 1), said
            assert sheet.sheet_properties.pageSetUpPr.fitToPage, said
            assert page.fitToHeight == 0, said
            assert sheet.print_title_rows, said
            assert sheet.oddFooter.right.text == "Page &P of &N", said
            assert not sheet.merged_cells.ranges, said
            for table in sheet.tables.values():
                assert table.autoFilter.ref == table.ref, said
            if path.name == "worklist.xlsx":
                assert sheet.tables, said
                assert sheet.freeze_panes or sheet.title in ("Held data", "Run summary"), said
            elif sheet.title != "How to":
                assert sheet.freeze_panes == "C2", said
                assert sheet.auto_filter.ref, said


def test_numbers_dates_formulas_colors_and_properties(books):
    for path, book in books.items():
        kept = book.properties
        assert (kept.creator, kept.language, kept.lastModifiedBy) == ("labflag", "en", None)
        with zipfile.ZipFile(path) as archive:
            parts = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
            assert not any(re.search(rb"<f[ >]", archive.read(name)) for name in parts)
        for sheet in book:
            for cell in cells_of(sheet):
                where = (path.name, sheet.title, cell.coordinate)
                assert cell.data_type in ("s", "n", "d"), where
                is_date = isinstance(cell.value, datetime)
                assert is_date == ("yyyy" in cell.number_format), where
                assert cell.data_type != "n" or cell.number_format != "General", where
                fill = cell.fill.fgColor.rgb[2:] if cell.fill.fill_type else "FFFFFF"
                dark, light = sorted(map(luminance, (fill, cell.font.color.rgb[2:])))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, where


def test_another_reader_reads_the_same(books):
    for path, book in books.items():
        other = CalamineWorkbook.from_path(str(path))
        for sheet in book:
            rows = other.get_sheet_by_name(sheet.title).to_python(skip_empty_area=False)
            for cell in cells_of(sheet):
                read = rows[cell.row - 1][cell.column - 1]
                if isinstance(cell.value, datetime) and not isinstance(read, datetime):
                    read = datetime(read.year, read.month, read.day)
                assert read == cell.value, (path.name, sheet.title, cell.coordinate)


def test_every_link_leads_to_a_workbook(books, run_folder):
    folder, reports = run_folder
    followed = 0
    for book in books.values():
        for sheet in book:
            for cell in cells_of(sheet):
                if cell.hyperlink is not None:
                    assert (folder / cell.hyperlink.target).is_file(), cell.coordinate
                    followed += 1
    assert followed >= len(reports)


def test_the_chart_has_a_text_in_its_place(books, run_folder):
    folder, _ = run_folder
    with zipfile.ZipFile(folder / "worklist.xlsx") as archive:
        drawings = [name for name in archive.namelist() if re.search(r"drawings/drawing\d", name)]
        said = [re.findall(rb'descr="([^"]{40,})"', archive.read(name)) for name in drawings]
    assert len(drawings) == 1
    assert all(said)


def test_what_is_printed_has_room(worklist):
    for sheet in worklist:
        area = re.search(r"\$([A-Z]+)\$\d+$", sheet.print_area or "")
        last = sheet[f"{area[1]}1"].column if area else sheet.max_column
        tops = {sheet[table.ref.split(":")[0]].row for table in sheet.tables.values()}
        for cell in cells_of(sheet):
            if cell.column > last or cell.row < min(tops):
                continue
            where = (sheet.title, cell.coordinate, str(cell.value)[:40])
            width = sheet.column_dimensions[cell.column_letter].width
            shown = cell.number_format if isinstance(cell.value, datetime) else str(cell.value)
            if not cell.alignment.wrap_text:
                assert max(map(len, shown.split("\n"))) <= width, where
                continue
            lines = sum(-(-len(line) // (width * 1.3)) or 1 for line in shown.split("\n"))
            height = sheet.row_dimensions[cell.row].height or 15
            assert height >= min(lines * cell.font.size * 1.15, 400), where


def test_every_line_is_what_the_reports_say(worklist, run_folder):
    _, reports = run_folder
    sheets = [("Worklist", "Worklist"), ("For information", "ForInformation")]
    listed = (row for title, table in sheets for row in rows_of(worklist[title], table))
    lines = {row["Patient id"].value: row for row in listed}
    ids = list(lines)
    assert [key for key in ids if key in {each.patient_id for each in reports}] == sorted(
        (each.patient_id for each in reports), key=ids.index
    )
    for report in reports:
        told = {title: cell.value for title, cell in lines[report.patient_id].items()}
        if told["Name"] == told["Birth date"] == "in conflict":
            continue
        assert told["Name"] == (report.name or "not stated")
        assert told["Sex"] == report.sex
        born = told["Birth date"]
        assert (born.date() if isinstance(born, datetime) else None) == report.birth_date
        assert told["Held"] == sum(each.count for each in report.held)
        assert report.verdict.startswith((f"{told['Urgency']} (priority {told['Priority']})",)) or (
            report.verdict.startswith(
                ("No finding", "Nothing could", "Nothing found", "Too little")
            )
        )
        if report.present:
            for card in report.present:
                assert card.title in told["Why"], report.patient_id
        last = told["Last collected"]
        assert (f"{last:%Y-%m-%d}" if isinstance(last, datetime) else last) == report.latest


def test_sheets_by_finding_are_what_findings_csv_says(worklist, run_folder):
    folder, _ = run_folder
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as file:
        told = {
            (row["patient_id"], row["accession"], row["rule"], row["outcome"])
            for row in csv.DictReader(file)
        }
    codes = rows_of(worklist["Analyst"], "Codes")
    shown = {
        tuple(row[name].value for name in ("Patient id", "Specimen", "Rule", "Outcome"))
        for row in codes
    }
    assert len(codes) > 300
    assert shown <= told
    counts = {row["Id"].value: row for row in rows_of(worklist["Counts per rule"], "Counts")}
    now = Counter((rule, outcome) for _, rule, outcome in {(p, r, o) for p, _, r, o in shown})
    for rule, row in counts.items():
        assert row["Patients with it now"].value == now[rule, "present"], rule
        assert row["Patients undecided now"].value == now[rule, "indeterminate"], rule
