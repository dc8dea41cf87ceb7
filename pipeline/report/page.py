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

from pipeline.report.sheet import Entry, clean_text
from pipeline.report.style import INPUT
from pipeline.report.wording import show_count, show_date
from pipeline.report.worklist_lines import LINES

_SHOWN = len(LINES) - 1
"""All columns but the last, the tag that only the workbook needs."""


def render_page(lines: Sequence[Sequence[Entry]], title: str, made: str, language: str) -> str:
    """Render the lines of the worklist, in the columns of `worklist_lines.LINES`, as HTML.

    Whatever came from an export is escaped; the page allows no other script than its own.
    """
    style, script = _part("page.css"), _part("page.js")
    return Template(_part("page.html")).substitute(
        language=language,
        title=escape(title),
        made=escape(made),
        count=escape(show_count(len(lines), "patient")),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        heads="\n".join(_head(place, column.title) for place, column in enumerate(LINES[:_SHOWN])),
        rows="\n".join(_row(line) for line in lines),
    )


def _head(place: int, title: str) -> str:
    return (
        f'<th scope="col" aria-sort="none"><button type="button" data-column="{place}">'
        f"{escape(title)}</button></th>"
    )


def _row(line: Sequence[Entry]) -> str:
    return f"<tr>{''.join(_cells(line[:_SHOWN]))}</tr>"


def _cells(line: Iterable[Entry]) -> Iterator[str]:
    for place, entry in enumerate(line):
        text, key = _say(entry)
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


def _say(entry: Entry) -> tuple[str, str]:
    """Give what a cell shows, and what it is sorted by."""
    value = entry.value
    if value is None:
        return "", ""
    if isinstance(value, date):
        return show_date(value), value.isoformat()
    if isinstance(value, int | float):
        return f"{value:,g}" if isinstance(value, float) else f"{value:,}", f"{value:020.6f}"
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
    return files("pipeline.report").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
