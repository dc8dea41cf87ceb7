"""The sheet that says what to do with a workbook of held rows."""

from openpyxl import Workbook

from pipeline.ingest.holds import FIX, HOLD, NOT_READ, RAW, READ_AS, REASON
from pipeline.report.sheet import Entry, add_sheet, fit_row, put_row
from pipeline.report.style import FREE, MARKED, SECTION, Styler
from pipeline.report.wording import show_count

_WIDTHS = {"A": 6.0, "B": 100.0}

_STEPS = (
    "Look at the cells that are marked like this one. What is wrong with each row stands under "
    f"{REASON}, what to do under {FIX}.",
    "Correct the cells. All of them are text, so that zeros and dates stay as they are typed. "
    "Other cells of the row may be corrected too.",
    "A cell that begins with [check] could be read in two ways, or its program showed something "
    "else than it held. Write what is right, or leave it if it is right, and delete the sign "
    "[check]. A row that begins with [check row] could not be split into cells: put every cell "
    f"under its header (the line as it came stands under {RAW}), then delete the sign.",
    "Save the workbook, as .xlsx or as .csv, and let labflag read it together with the original "
    "file. Do not leave it in the folder of reports, where the next run makes it anew.",
)
_NOTES = (
    f"{HOLD} says which row of which file is meant, {READ_AS} how its numbers and dates were "
    "read: leave both as they are. The original file needs no change.",
    "The corrected row takes the place of the whole original row.",
    "To take a row back altogether, empty all of its cells but those of labflag.",
    "A row that is deleted here stays held; so does a row that is left as it is, unless "
    "correcting another one has settled it.",
)
_MARKED_STEP = 1


def add_how_to(
    book: Workbook, styler: Styler, title: str, file: str, left_out: int, layout: str
) -> None:
    """Add the sheet.

    Args:
        book: The workbook of held rows.
        styler: Its styles.
        title: Name of the sheet.
        file: The file that the rows come from, as shown to people.
        left_out: Held rows that found no place in the workbook.
        layout: Layout by which the file was read, if any.
    """
    sheet = add_sheet(book, title, file, repeat="1:1")
    lines: list[list[Entry]] = [
        [Entry(f"{NOT_READ}: how to hand rows of {file} back", SECTION)],
        [Entry("")],
        *(
            [Entry(str(number), FREE), Entry(step, MARKED if number == _MARKED_STEP else FREE)]
            for number, step in enumerate(_STEPS, 1)
        ),
        [Entry("")],
        *([Entry("•", FREE), Entry(note, FREE)] for note in _NOTES),
    ]
    if layout:
        said = f"The file was read by the layout {layout!r}. If you named it, name it again."
        lines.append([Entry("•", FREE), Entry(said, FREE)])
    if left_out:
        said = (
            f"{show_count(left_out, 'more held row', 'more held rows')} found no place here; they "
            "are in issues.csv. Mend the cause where the export is made."
        )
        lines.append([Entry("•", FREE), Entry(said, FREE)])
    for row, entries in enumerate(lines, 1):
        put_row(sheet, styler, row, entries)
        if len(entries) > 1:
            fit_row(sheet, row, entries, _WIDTHS.values())
    for name, width in _WIDTHS.items():
        sheet.column_dimensions[name].width = width
