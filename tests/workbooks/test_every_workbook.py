"""What holds for every workbook that a run makes, whoever the patient is.

Each test looks at all of them and names the workbooks and cells that fail.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from schemas.vocabulary import Outcome
from tests.workbooks.conftest import Opened

TABLES = {"Findings": "Findings", "Results": "Results", "Trend data": "TrendData"}
FROZEN = {"Summary", *TABLES}
NAMES = {"PatientId", "PatientName", "BirthDate", "Sex", "Age", "LatestCollection", "Verdict"}


def faults(opened: list[Opened], look: Callable[[Opened], Iterator[str]]) -> list[str]:
    found = [f"{each.path.name}: {fault}" for each in opened for fault in look(each)]
    return found[:20]


def cells_of(sheet: Worksheet) -> Iterator[Cell]:
    return (cell for row in sheet.iter_rows() for cell in row if cell.value is not None)


def rows_of(sheet: Worksheet, table: str) -> list[dict[str, Cell]]:
    head, *body = sheet[sheet.tables[table].ref]
    return [
        {top.value: cell for top, cell in zip(head, row, strict=True)}
        for row in body
        if row[0].value != "none"
    ]


def test_there_is_a_workbook_for_every_report(opened):
    assert len(opened) > 100
    assert {sheet for each in opened for sheet in each.book.sheetnames} == {
        "Summary", "Findings", "Results", "Trends", "Trend data", "Provenance",
    }  # fmt: skip
    # Those with more than one date have charts, the others do not.
    charts = [bool(each.report.trends) for each in opened]
    assert charts == ["Trends" in each.book.sheetnames for each in opened]
    assert 3 < sum(charts) < len(charts)


def test_panes_tables_filters_and_pages(opened):
    def look(each: Opened) -> Iterator[str]:
        for sheet in each.book:
            page, said = sheet.page_setup, sheet.title
            if (sheet.title in FROZEN) != bool(sheet.freeze_panes):
                yield f"{said}: panes {sheet.freeze_panes}"
            if page.orientation != "landscape" or page.paperSize != 9:
                yield f"{said}: paper"
            if sheet.title == "Trends":
                if not 50 <= page.scale <= 100:
                    yield f"{said}: scale {page.scale}"
            elif page.fitToWidth != 1 or not sheet.sheet_properties.pageSetUpPr.fitToPage:
                yield f"{said}: not fitted to the width"
            if (sheet.title == "Summary") != (page.fitToHeight == 1 and sheet.title != "Trends"):
                yield f"{said}: height {page.fitToHeight}"
            if not sheet.print_title_rows:
                yield f"{said}: no repeated rows"
            foot = sheet.oddFooter
            if each.report.patient_id not in (foot.left.text or "").replace("&&", "&"):
                yield f"{said}: footer"
            if foot.right.text != "Page &P of &N":
                yield f"{said}: page numbers"
            if sheet.merged_cells.ranges:
                yield f"{said}: merged cells"
            if TABLES.get(sheet.title, "Sources") not in sheet.tables and sheet.title not in (
                "Summary",
                "Trends",
            ):
                yield f"{said}: no table"
            for table in sheet.tables.values():
                if table.autoFilter.ref != table.ref:
                    yield f"{said}: no filter"

    assert faults(opened, look) == []


def test_numbers_and_dates_are_formatted_as_such(opened):
    def look(each: Opened) -> Iterator[str]:
        for sheet in each.book:
            for cell in cells_of(sheet):
                is_date = isinstance(cell.value, datetime)
                if is_date != ("yyyy" in cell.number_format):
                    yield f"{sheet.title}!{cell.coordinate}: {cell.number_format}"
                elif cell.data_type == "n" and cell.number_format == "General":
                    yield f"{sheet.title}!{cell.coordinate}: number without a format"

    assert faults(opened, look) == []


def test_no_formula_came_from_what_was_read(opened):
    def look(each: Opened) -> Iterator[str]:
        with zipfile.ZipFile(each.path) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/") and re.search(rb"<f[ >]", archive.read(name)):
                    yield name

    assert faults(opened, look) == []
    kinds = {cell.data_type for each in opened for sheet in each.book for cell in cells_of(sheet)}
    assert kinds <= {"s", "n", "d"}


def test_every_chart_has_a_text_in_its_place(opened):
    def look(each: Opened) -> Iterator[str]:
        with zipfile.ZipFile(each.path) as archive:
            for name in archive.namelist():
                if re.fullmatch(r"xl/drawings/drawing\d+\.xml", name):
                    drawing = archive.read(name).decode()
                    texts = re.findall(r'<(?:\w+:)?cNvPr [^>]*descr="([^"]{40,})"', drawing)
                    if len(texts) != drawing.count("<c:chart ") or not texts:
                        yield f"{name}: {len(texts)} texts"

    assert faults(opened, look) == []


def luminance(color: str) -> float:
    shares = [int(color[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_and_color_is_never_alone(opened):
    def look(each: Opened) -> Iterator[str]:
        for sheet in each.book:
            for cell in cells_of(sheet):
                fill = cell.fill.fgColor.rgb[2:] if cell.fill.fill_type else "FFFFFF"
                pair = sorted(map(luminance, (fill, cell.font.color.rgb[2:])))
                if (pair[1] + 0.05) / (pair[0] + 0.05) < 4.5:
                    yield f"{sheet.title}!{cell.coordinate}: contrast"
                if cell.fill.fill_type and not re.search(r"[A-Za-z]{2}", str(cell.value)):
                    yield f"{sheet.title}!{cell.coordinate}: color alone"

    assert faults(opened, look) == []


def test_links_lead_somewhere(opened):
    def look(each: Opened) -> Iterator[str]:
        for sheet in each.book:
            for cell in cells_of(sheet):
                link = cell.hyperlink
                if link is None:
                    continue
                if link.target and not link.target.startswith("https://"):
                    yield f"{sheet.title}!{cell.coordinate}: {link.target}"
                if link.location:
                    name, place = link.location.rsplit("!", 1)
                    if each.book[name.strip("'")][place].value is None:
                        yield f"{sheet.title}!{cell.coordinate}: {link.location} is empty"

    assert faults(opened, look) == []


def test_a_finding_leads_to_the_result_it_rests_on(opened):
    followed = 0
    for each in opened:
        for row in rows_of(each.book["Findings"], "Findings"):
            link = row["Rests on"].hyperlink
            if link is None or not isinstance(row["Value"].value, int | float):
                continue
            followed += 1
            target = each.book["Results"][link.location.rsplit("!", 1)[1]]
            assert target.value == pytest.approx(row["Value"].value), each.path.name
            analyte = each.book["Results"].cell(target.row, 3).value
            assert analyte == row["Rests on"].value
    assert followed > 300


def test_names_lead_to_the_banner(opened):
    def look(each: Opened) -> Iterator[str]:
        names = each.book.defined_names
        if set(names) != NAMES:
            yield str(set(names) ^ NAMES)
            return
        told = {}
        for name in NAMES:
            ((sheet, place),) = names[name].destinations
            told[name] = each.book[sheet][place].value
        report = each.report
        if told["PatientId"] != report.patient_id or told["Sex"] != report.sex:
            yield f"{told}"
        if report.birth_date and told["BirthDate"].date() != report.birth_date:
            yield "BirthDate"
        if not report.verdict.startswith(told["Verdict"]):
            yield "Verdict"

    assert faults(opened, look) == []


def test_what_is_printed_has_room(opened):
    """Text that does not wrap fits its column; text that wraps has rows high enough for it."""

    def look(each: Opened) -> Iterator[str]:
        for sheet in each.book:
            if sheet.title in ("Summary", "Trends"):
                continue
            area = re.search(r"\$([A-Z]+)\$\d+$", sheet.print_area or "")
            last = sheet[f"{area[1]}1"].column if area else sheet.max_column
            for cell in cells_of(sheet):
                if cell.column > last or cell.row == 1:
                    continue
                width = sheet.column_dimensions[cell.column_letter].width
                shown = str(cell.value)
                if isinstance(cell.value, datetime):
                    shown = cell.number_format
                longest = max(map(len, shown.split("\n")))
                if not cell.alignment.wrap_text and longest > width:
                    yield f"{sheet.title}!{cell.coordinate}: {longest} in {width:.0f}"
                lines = sum(-(-len(line) // (width * 1.3)) or 1 for line in shown.split("\n"))
                height = sheet.row_dimensions[cell.row].height or 15
                if cell.alignment.wrap_text and height < min(lines * cell.font.size * 1.15, 400):
                    yield f"{sheet.title}!{cell.coordinate}: {lines:.0f} lines in {height:.0f}"

    assert faults(opened, look) == []


def test_every_result_is_what_the_report_says(opened):
    for each in opened:
        rows = rows_of(each.book["Results"], "Results")
        assert len(rows) == len(each.report.results)
        for row, said in zip(rows, each.report.results, strict=True):
            told = {title: cell.value for title, cell in row.items()}
            assert told["Value"] == ("■ held" if said.is_held else pytest.approx(said.value))
            for title, value in {
                "Specimen": said.accession, "Analyte": said.analyte, "Sign": said.comparator,
                "Unit": said.unit, "Status": said.status, "Flag as sent": said.flag_sent,
                "Flag by interval": said.flag, "Finding on it": said.findings,
                "Remark": said.remark, "Corrected from": said.corrected_from,
                "Interval low": said.low, "Interval high": said.high,
                "In canonical unit": said.converted, "As written": said.as_written,
                "File": said.source_file, "Row": said.source_row or None,
            }.items():  # fmt: skip
                assert told[title] == (value if value != "" else None), (each.path.name, title)
            at = told["Collected"]
            assert at == (said.collected_at or "not stated")


OUTCOMES = {
    Outcome.PRESENT: "present",
    Outcome.ABSENT: "absent",
    Outcome.INDETERMINATE: "cannot be decided",
    Outcome.NOT_TESTED: "not tested",
}
GRADES = {"": None, "mild": "▲ mild", "moderate": "▲▲ moderate", "severe": "▲▲▲ severe"}


def lines(texts: list[str]) -> str | None:
    """One to a line; an empty cell where none says anything."""
    return "\n".join(texts) if any(texts) else None


def wording_of(rule):
    """What nobody published says so."""
    own = f"Laboratory convention of this profile: {rule.conventions}" if rule.conventions else ""
    return "; ".join(filter(None, [rule.wording, own]))


def test_every_finding_is_what_the_report_says(opened):
    for each in opened:
        rows = rows_of(each.book["Findings"], "Findings")
        assert len(rows) == len(each.report.findings)
        for row, said in zip(rows, each.report.findings, strict=True):
            told = {title: cell.value for title, cell in row.items()}
            evidence = said.evidence
            links = [source.link for source in said.rule.citations if source.link]
            expected = {
                "Collected": said.collected_at or "not stated",
                "Specimen": said.accession, "Finding": said.rule.title,
                "Outcome": OUTCOMES[said.outcome], "Grade": GRADES[said.grade],
                "Specimen in doubt": "◇ unconfirmed: repeat first" if said.unconfirmed else None,
                "Rests on": lines([one.title for one in evidence]),
                "Sign": lines([one.comparator for one in evidence]),
                "Unit": lines([one.unit for one in evidence]),
                "Asked whether": lines(["; ".join(one.directions) for one in evidence]),
                "Limit unit": lines([one.limit_unit for one in evidence]),
                "Comment": " ".join(said.comments), "Tests to consider": ", ".join(said.suggest),
                "Published wording": wording_of(said.rule),
                "Source": "; ".join(map(str, said.rule.citations)), "Link": "; ".join(links),
                "Rule": said.rule.id, "File": said.source_file, "Sheet": said.source_sheet,
                "Row": int(said.source_row) if said.source_row.isdecimal() else said.source_row,
            }  # fmt: skip
            for title, value in expected.items():
                assert told.pop(title) == (value or None), (each.path.name, title)
            why, value, limit = (told.pop(title) for title in ("Why undecided", "Value", "Limit"))
            assert told == {}
            assert bool(why) == (said.outcome in (Outcome.INDETERMINATE, Outcome.NOT_TESTED))
            reported = [one.value or "held" for one in evidence]
            assert str_of(value) == [number_of(one) for one in reported]
            if isinstance(limit, int | float):
                # The number really compared; its format rounds it.
                assert limit == pytest.approx(evidence[0].limits[0])
            elif any(one.limits for one in evidence):
                assert [line.split("; ") for line in limit.split("\n")] == [
                    [number_of(f"{part:.12g}", one.value) for part in one.limits] or [""]
                    for one in evidence
                ], (each.path.name, limit)


def str_of(cell: object) -> list[str]:
    """The lines of a cell, numbers as people write them."""
    if cell is None:
        return []
    return [number_of(line) for line in str(cell).split("\n")]


def number_of(text: str, beside: str = "") -> str:
    """A number without zeros that say nothing; a limit to one decimal more than its result."""
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        return text
    decimals = max(len(beside.partition(".")[2]) + 1, 2) if beside else 9
    return f"{round(float(text), decimals):.9f}".rstrip("0").rstrip(".")


def test_the_numbers_of_the_charts_are_those_of_the_report(opened):
    for each in opened:
        if not each.report.trends:
            continue
        rows = rows_of(each.book["Trend data"], "TrendData")
        said = [(trend, point) for trend in each.report.trends for point in trend.points]
        for row, (trend, point) in zip(rows, said, strict=True):
            told = {title: cell.value for title, cell in row.items()}
            kinds = {"Result": "result", "Bound": "bound", "In question": "question"}
            for title, kind in kinds.items():
                assert told[title] == (point.value if point.kind == kind else None)
            assert (told["Analyte"], told["Unit"]) == (trend.analyte, trend.unit)
            assert told["Collected"] == point.at
            assert (told["Interval low"], told["Interval high"]) == (point.low, point.high)
            height = point.high - point.low if trend.has_band else None
            assert told["Interval height"] == (None if height is None else pytest.approx(height))
            limits = [told[f"Limit {number}"] for number in range(1, len(point.limits) + 1)]
            assert limits == list(point.limits)
            assert (told["Limits of"] or "") == "; ".join(trend.limits)


def test_the_provenance_is_what_the_report_says(opened):
    for each in opened:
        sheet, report = each.book["Provenance"], each.report
        files = rows_of(sheet, "Files")
        assert [[cell.value for cell in row.values()] for row in files] == [
            [one.name, one.sheet or None, one.used, one.held, one.rows, one.sha256]
            for one in report.files
        ]
        sources = rows_of(sheet, "Sources")
        assert [[cell.value for cell in row.values()] for row in sources] == [
            [one.title, one.year, one.where or None, one.link or None] for one in report.citations
        ]
        made = {row["Report"].value: row["Value"].value for row in rows_of(sheet, "Made")}
        run = report.run
        assert made == {
            "Made by": f"labflag {run.version}", "Made at": f"{run.run_at:%Y-%m-%d %H:%M}",
            "Profile": report.profile, "Knowledge version": run.knowledge_version,
            "Units shown": "as reported", "Laboratory": run.laboratory,
        }  # fmt: skip


def test_the_summary_says_all_that_the_report_says(opened):
    def look(each: Opened) -> Iterator[str]:
        report = each.report
        said = {str(cell.value) for cell in cells_of(each.book["Summary"])}
        running = " ".join(said)
        for card in report.present[:12]:
            for text in (
                card.title,
                card.evidence,
                card.limit,
                card.change,
                card.comment,
                card.suggest,
            ):
                if text and text not in said:
                    yield f"missing: {text[:40]}"
        for question in report.not_tested:
            if f"• {question.settled_by}: {question.title}"[:60] not in running:
                yield f"missing: {question.settled_by}"
        for artifact in report.artifacts:
            for text in (artifact.title, artifact.evidence, artifact.touches, artifact.comment):
                if text and text not in said:
                    yield f"missing: {text[:40]}"
        for line in report.resolved:
            if line[:60] not in running:
                yield f"missing: {line[:40]}"
        for held in report.held:
            if held.sentence not in said or held.fix not in said:
                yield f"missing: {held.sentence[:40]}"
        for line in (report.verdict, *report.basis):
            if line[:60] not in running:
                yield f"missing: {line[:40]}"

    assert faults(opened, look) == []


OPEN, NOT_TESTED = "What could not be assessed, and why", "– not tested"
# A result as it is told anywhere, by its long name or its short one: "MCV 100.1 fL on …".
RESULT = re.compile(r"[<>≤≥]*\d[^(]*?(?= on \d{4}-| \(|$)")


def open_rows(sheet: Worksheet) -> tuple[list[tuple], str]:
    """The rows of the open questions on the Summary, and what stands below them."""
    (top,) = [cell.row for cell in sheet["A"] if cell.value == OPEN]
    rows = []
    for mark, *cells in sheet.iter_rows(min_row=top + 2, max_col=6, values_only=True):
        if mark != "? undecided":
            return rows, str(mark or "")
        rows.append(cells)
    return rows, ""


def test_the_summary_tells_every_open_question_in_full(opened):
    def look(each: Opened) -> Iterator[str]:
        questions = each.report.undecided
        if not questions:
            return
        rows, below = open_rows(each.book["Summary"])
        # Those that are open for the same reason, and settled by the same thing, share a row.
        shared = {(one.why, one.settled_by): None for one in questions}
        if len(rows) != min(len(shared), 8):
            yield f"{len(rows)} rows for {len(shared)}"
        if bool(len(shared) > 8) != (f"{len(shared) - 8} more stand in the sheet" in below):
            yield f"below: {below}"
        for (why, settled_by), row in zip(shared, rows, strict=False):
            titles, evidence, said, nothing, settled = row
            asked = [one for one in questions if (one.why, one.settled_by) == (why, settled_by)]
            if (said, settled or "", nothing) != (why, settled_by, None):
                yield f"{titles}: {said} {settled}"
            if titles.split("\n") != [one.title for one in asked]:
                yield f"titles: {titles}"
            for line in (line for one in asked for line in one.evidence.split("\n")):
                result = RESULT.search(line)
                if (result[0] if result else line) not in evidence:
                    yield f"evidence of {titles}: {line}"

    assert faults(opened, look) == []
    assert sum(len(each.report.undecided) > 1 for each in opened) > 20


def test_another_reader_reads_the_same(opened):
    for each in opened:
        other = CalamineWorkbook.from_path(str(each.path))
        for sheet in each.book:
            rows = other.get_sheet_by_name(sheet.title).to_python(skip_empty_area=False)
            for cell in cells_of(sheet):
                read = rows[cell.row - 1][cell.column - 1]
                if isinstance(cell.value, datetime) and not isinstance(read, datetime):
                    read = datetime(read.year, read.month, read.day)
                assert read == cell.value, (each.path.name, sheet.title, cell.coordinate)


def test_properties_name_no_person(opened):
    for each in opened:
        kept = each.book.properties
        assert (kept.title, kept.creator, kept.language) == ("Laboratory report", "labflag", "en")
        assert kept.lastModifiedBy is None
        assert each.report.patient_id not in (kept.title, kept.subject, kept.description)
