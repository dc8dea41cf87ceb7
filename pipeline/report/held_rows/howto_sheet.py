"""The sheet that says what to do with a workbook of held rows."""

from openpyxl import Workbook

from pipeline.ingest.returned_rows import FIX, HOLD, RAW, READ_AS, REASON
from pipeline.report.excel.sheet import Entry, add_sheet, fit_row, put_row
from pipeline.report.excel.style import FREE, MARKED, SECTION, Styler
from pipeline.texts import Texts

_WIDTHS = {"A": 6.0, "B": 100.0}

_STEPS = ("look", "correct", "signs", "save")
_NOTES = ("ours", "replaces", "take-back", "stays")
_MARKED_STEP = 1


def add_how_to(
    book: Workbook, styler: Styler, title: str, file: str, left_out: int, layout: str, texts: Texts
) -> None:
    """Add the sheet.

    Args:
        book: The workbook of held rows.
        styler: Its styles.
        title: Name of the sheet.
        file: The file that the rows come from, as shown to people.
        left_out: Held rows that found no place in the workbook.
        layout: Layout by which the file was read, if any.
        texts: In whose language it is said.
    """
    sheet = add_sheet(book, title, file, texts, repeat="1:1")
    names = {
        "reason": REASON,
        "fix": FIX,
        "raw": RAW,
        "hold": HOLD,
        "read_as": READ_AS,
        "check": texts.signs.cell.strip(),
        "check_row": texts.signs.row.strip(),
    }
    said = {name: texts(f"hand-back.{name}", **names) for name in (*_STEPS, *_NOTES)}
    heading = texts("hand-back.heading", not_read=texts.signs.not_read, file=file)
    notes = [said[name] for name in _NOTES]
    if layout:
        notes.append(texts("hand-back.layout", layout=layout))
    if left_out:
        notes.append(texts.count("hand-back.left-out", left_out))
    lines: list[list[Entry]] = [
        [Entry(heading, SECTION)],
        [Entry("")],
        *(
            [
                Entry(str(number), FREE),
                Entry(said[step], MARKED if number == _MARKED_STEP else FREE),
            ]
            for number, step in enumerate(_STEPS, 1)
        ),
        [Entry("")],
        *([Entry("•", FREE), Entry(note, FREE)] for note in notes),
    ]
    for row, entries in enumerate(lines, 1):
        put_row(sheet, styler, row, entries)
        if len(entries) > 1:
            fit_row(sheet, row, entries, _WIDTHS.values())
    for name, width in _WIDTHS.items():
        sheet.column_dimensions[name].width = width
