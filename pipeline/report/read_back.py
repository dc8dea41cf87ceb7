"""What people typed into a worklist, read back from the workbook that they saved."""

import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from pipeline.ingest.prescan import check_workbook
from pipeline.ingest.refusal import Refused
from pipeline.report.entries import TAG, Call, Entries, Kept, Note, check_typed, keep
from pipeline.report.texts import ENGLISH, LANGUAGES, Texts


class UnreadableWorklist(Exception):
    """A worklist that cannot be read back; it must not be overwritten."""


def entries_of(content: bytes, today: date, texts: Texts = ENGLISH) -> Entries:
    """Read what was typed out of the bytes of a worklist, whatever language it was written in.

    `texts` are those of lines that go to the archive.

    Raises:
        UnreadableWorklist: It is no workbook that can be opened.
    """
    try:
        check_workbook(".xlsx", content)
        book = load_workbook(io.BytesIO(content), read_only=True)
        tables = {sheet.title: [*sheet.iter_rows(values_only=True)] for sheet in book.worksheets}
    except (Refused, BadZipFile, ValueError, KeyError, OSError, TypeError, IndexError) as error:
        raise UnreadableWorklist from error
    notes: dict[str, Note] = {}
    calls: dict[tuple[str, str, str], Call] = {}
    kept: list[Kept] = []
    loose: list[Kept] = []
    for rows in tables.values():
        for typed, tag, cells in _lines_under(rows, "worklist.typed"):
            if not any(typed):
                continue
            note = _note_of(typed, tag)
            if note is not None:
                notes[note.patient_id] = _joined(notes.get(note.patient_id), note)
            else:
                loose.append(_keep_loose("archive.line-by-hand", (*cells, *typed), today, texts))
        for typed, tag, cells in _lines_under(rows, "calls.typed"):
            call = _call_of(typed, tag)
            if call is not None:
                calls[call.key] = call
            elif any(typed):
                loose.append(_keep_loose("archive.call-by-hand", (*cells, *typed), today, texts))
        kept += _archive_of(rows)
    return Entries(
        notes=MappingProxyType(notes),
        calls=MappingProxyType(calls),
        kept=tuple(dict.fromkeys(kept)),
        loose=tuple(dict.fromkeys(loose)),
    )


def _lines_under(
    rows: Sequence[Sequence[Any]], name: str
) -> Iterator[tuple[tuple[str, ...], list[Any] | None, list[str]]]:
    """Find a table by the titles that people type under; give its typed cells, tags and rest."""
    for top, row in enumerate(rows):
        if TAG not in row:
            continue
        heads = [_text(cell) for cell in row]
        titles = _find_titles(heads, name)
        if titles:
            places = [heads.index(title) for title in titles]
            tag = heads.index(TAG)
            for line in rows[top + 1 :]:
                cells = [_text(cell) for cell in line] + [""] * len(heads)
                rest = [
                    cell
                    for place, cell in enumerate(cells[: len(heads)])
                    if place not in (*places, tag)
                ]
                yield tuple(cells[place] for place in places), _tag_of(cells[tag]), rest
            return


def _archive_of(rows: Sequence[Sequence[Any]]) -> Iterator[Kept]:
    for top, row in enumerate(rows):
        heads = [_text(cell) for cell in row]
        titles = _find_titles(heads, "archive.heads")
        if titles:
            places = [heads.index(title) for title in titles]
            tag = heads.index(TAG) if TAG in heads else len(heads)
            for line in rows[top + 1 :]:
                cells = [_text(cell) for cell in line] + [""] * (len(heads) + 1)
                wanted = [cells[place] for place in (*places, tag)]
                if any(wanted[2:-1]):
                    yield Kept(**dict(zip(Kept.__dataclass_fields__, wanted, strict=True)))
            return


def _find_titles(heads: Sequence[str], name: str) -> tuple[str, ...]:
    """Give the titles of a table in the language in which all of them stand in a row."""
    for texts in LANGUAGES.values():
        titles = texts.heads(name)
        if set(titles) <= set(heads):
            return titles
    return ()


def _keep_loose(what: str, cells: Iterable[str], today: date, texts: Texts) -> Kept:
    typed = ("", "", "; ".join(filter(None, cells)))
    return keep(today, texts(what), "", "", typed, texts)


def _note_of(typed: tuple[str, ...], tag: list[Any] | None) -> Note | None:
    match tag:
        case [str(patient), [*shown], [*about], str(check)]:
            topics = about if check == check_typed(typed) else shown
            status, reviewer, text = typed
            return Note(
                patient_id=patient,
                topics=tuple(map(str, topics)),
                status=status,
                reviewer=reviewer,
                text=text,
            )
    return None


def _call_of(typed: tuple[str, ...], tag: list[Any] | None) -> Call | None:
    match tag:
        case [str(patient), str(accession), str(rule), [*told], *fact]:
            return Call(
                patient_id=patient,
                accession=accession,
                rule=rule,
                told=tuple(map(str, told)),
                fact=str(fact[0]) if fact else "",
                typed=typed,
            )
    return None


def _joined(one: Note | None, other: Note) -> Note:
    """Join what stands on two lines of one patient, one of them copied by a person."""
    if one is None or one.typed == other.typed:
        return one or other
    return replace(
        one,
        topics=tuple(dict.fromkeys((*one.topics, *other.topics))),
        status=one.status or other.status,
        reviewer=" / ".join(dict.fromkeys(filter(None, (one.reviewer, other.reviewer)))),
        text="\n".join(dict.fromkeys(filter(None, (one.text, other.text)))),
    )


def _tag_of(text: str) -> list[Any] | None:
    try:
        tag = json.loads(text) if text else None
    except ValueError:
        return None
    return tag if isinstance(tag, list) else None


def _text(cell: Any) -> str:
    """Give what a person sees in a cell, as text."""
    match cell:
        case None:
            return ""
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case bool():
            return "yes" if cell else "no"
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return str(unescape(str(cell))).replace("\r\n", "\n").strip()
