"""The worklist as one static web page, for those without a spreadsheet program.

The page needs nothing from elsewhere and works without scripts; they only sort and search.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from html import escape
from importlib.resources import files
from string import Template

from pipeline.report.excel.sheet import Entry
from pipeline.report.excel.style import INPUT
from pipeline.report.wording import show_date
from pipeline.report.worklist.lines import line_columns
from pipeline.texts import Texts
from pipeline.texts.workbook_cells import clean_text


def render_page(
    lines: Sequence[Sequence[Entry]], aside: Sequence[Sequence[Entry]], made: str, texts: Texts
) -> str:
    """Render the lines of the worklist, in the columns of `worklist_lines`, as HTML.

    Below them those for information, in a section of their own.

    All columns but the last, the tag that only the workbook needs.

    Whatever came from an export is escaped; the page allows no other script than its own.
    """
    style, script = _part("page.css"), _part("page.js")
    heads = line_columns(texts)[:-1]
    return Template(_part("page.html")).substitute(
        language=texts.language,
        title=escape(texts("worklist")),
        intro=escape(texts("page.intro", made=made)),
        search=escape(texts("page.search")),
        caption=escape(texts("page.caption")),
        count=escape(texts.count("patient", len(lines) + len(aside))),
        aside=_aside(aside, [column.title for column in heads], texts) if aside else "",
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        heads="\n".join(_head(place, column.title) for place, column in enumerate(heads)),
        rows="\n".join(_row(line[:-1], texts) for line in lines),
    )


def _aside(lines: Sequence[Sequence[Entry]], heads: Iterable[str], texts: Texts) -> str:
    """Render the section of those for information; it is not sorted by script."""
    titles = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    rows = "\n".join(_row(line[:-1], texts) for line in lines)
    count = escape(texts.count("patient", len(lines)))
    return (
        f'<section aria-labelledby="aside-title">\n'
        f'<h2 id="aside-title">{escape(texts("page.aside"))} ({count})</h2>\n'
        f'<table id="for-information">\n<thead><tr>{titles}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</section>\n"
    )


def _head(place: int, title: str) -> str:
    return (
        f'<th scope="col" aria-sort="none"><button type="button" data-column="{place}">'
        f"{escape(title)}</button></th>"
    )


def _row(line: Sequence[Entry], texts: Texts) -> str:
    return f"<tr>{''.join(_cells(line, texts))}</tr>"


def _cells(line: Iterable[Entry], texts: Texts) -> Iterator[str]:
    for place, entry in enumerate(line):
        text, key = _cell_text(entry, texts)
        look = entry.look
        color = (
            f' style="--fill:#{look.fill};--ink:#{look.color}"'
            if look.fill and look != INPUT
            else ""
        )
        sort = f' data-key="{escape(key)}"' if key != text else ""
        shown = escape(text)
        if entry.link:
            shown = f'<a href="{escape(_address(entry.link))}">{shown}</a>'
        cell = "th" if place == 2 else "td"
        scope = ' scope="row"' if place == 2 else ""
        number = ""
        if isinstance(entry.value, int | float | date):
            number = ' class="day"' if isinstance(entry.value, date) else ' class="number"'
        yield f"<{cell}{scope}{number}{color}{sort}>{shown}</{cell}>"


def _cell_text(entry: Entry, texts: Texts) -> tuple[str, str]:
    """Give what a cell shows, and what it is sorted by."""
    value = entry.value
    if value is None:
        return "", ""
    if isinstance(value, date):
        return show_date(value, texts), value.isoformat()
    if isinstance(value, int | float):
        return texts.whole(int(value)), f"{value:020.6f}"
    return clean_text(value), clean_text(value)


def _address(path: str) -> str:
    """Write a relative path as an address: names may hold letters that mean something in one."""
    return "".join(
        letter if (letter.isalnum() and letter.isascii()) or letter in "/-._" else _percent(letter)
        for letter in path
    )


def _percent(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))


def _part(name: str) -> str:
    return files("pipeline.report.worklist").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
