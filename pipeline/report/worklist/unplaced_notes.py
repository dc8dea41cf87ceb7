"""The sheet of notes of which it is not certain whose they are: a person places them."""

from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from pipeline.history.notes import Unplaced
from pipeline.report.excel.sheet import (
    Column,
    Entry,
    add_drop_down,
    add_sheet,
    hide_column,
    put,
    put_table,
)
from pipeline.report.excel.style import INPUT, PLAIN, SECTION, TRACE, Styler
from pipeline.report.worklist.line_tags import TAG, tag_unplaced
from pipeline.texts import Texts

_WIDTHS = (14, 40, 20, 20, 40, 16, 14, 50, 20, 14, 12)
_FIRST_LINE = 4


def render_unplaced(
    book: Workbook, styler: Styler, lines: Sequence[Unplaced], texts: Texts
) -> None:
    """Render what is to be placed; no sheet where there is none."""
    if not lines:
        return
    sheet = add_sheet(book, texts("list.unplaced"), texts("list.footer"), texts, repeat="1:3")
    *_, belongs, done = texts.heads("unplaced.typed")
    put(sheet, styler, 1, 1, Entry(texts.count("unplaced.how", len(lines)), SECTION))
    what = texts("unplaced.what", belongs=belongs, done=done, yes=texts("yes"))
    put(sheet, styler, 2, 1, Entry(what, PLAIN))
    heads = (*texts.heads("unplaced.heads", "unplaced.typed"), TAG)
    columns = [Column(title=head, most=width) for head, width in zip(heads, _WIDTHS, strict=True)]
    put_table(
        sheet, styler, 3, "Unplaced", columns, (_line(line, texts) for line in lines), texts=texts
    )
    last = _FIRST_LINE + len(lines) - 1
    done_column = len(columns) - 1
    add_drop_down(sheet, (texts("yes"),), column=done_column, first=_FIRST_LINE, last=last)
    hide_column(sheet, len(columns))
    sheet.print_area = f"A1:{get_column_letter(done_column)}{sheet.max_row}"
    sheet.freeze_panes = f"A{_FIRST_LINE}"


def _line(line: Unplaced, texts: Texts) -> list[Entry]:
    return [
        Entry(line.on),
        Entry(texts(line.why)),
        Entry(line.shown_id),
        Entry(line.tag_id),
        Entry(line.rest),
        *(Entry(text, INPUT) for text in (*line.typed, line.belongs, line.done)),
        Entry(tag_unplaced(line), TRACE),
    ]
