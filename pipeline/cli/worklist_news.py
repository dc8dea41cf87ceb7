"""What a run says of the worklist that people typed into: counts and places, no patient value."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import click

from pipeline.texts.counts import count_text

if TYPE_CHECKING:
    from pipeline.publish.worklist_update import WorklistNews

_NAMED = 5
_READ = {"notes": "note", "calls": "answer on a call", "taken-back": "note taken back"}
_PLURALS = {"answer on a call": "answers on calls", "note taken back": "notes taken back"}
_ODD = {
    "unreadable": "it cannot be read as a workbook",
    "exhausting": "reading it takes too much time or memory",
    "too-large": "it is larger than 50 MiB",
    "no-file": "what stood there was no file",
    "no-lines": "the table of its lines was not found",
    "ids-differ": "lines stand beside the hidden cell of another patient (sorted without it?)",
    "no-tags": "the hidden cells of its lines are missing",
    "titles-missing": "columns were renamed or removed",
    "own-columns": "columns were added, which are carried along",
    "columns-elsewhere": "columns were added on other sheets, which are not carried along",
    "own-sheets": "sheets were added, which are not carried along",
    "comments": "it holds comments, which are not carried along",
    "no-calls": "the sheet of critical calls is missing; its calls are listed again",
}
_LEFT = {
    "open": "is open in another program (~$worklist.xlsx or .~lock.worklist.xlsx# is beside it), "
    "so left as before. What was saved in it is stored. The next run tries again.",
    "changing": "was saved while it was being replaced, so left as it was saved. What was typed in "
    "it is stored. The next run tries again.",
    "no-file": "is no file but a folder, a link or a device, so left alone: there is no new "
    "worklist. Move it away; index.html holds the lines of this run.",
    "no-reader": "could not be read for want of memory, so it was left as it is: what was typed in "
    "it since the last run is not lost, and the next run tries again.",
    "unreadable": "cannot be read, so what is typed in it would be lost: it was left alone. See "
    "its rights, or close it; the next run tries again.",
}


class Message(NamedTuple):
    """A line about the worklist."""

    text: str
    is_new: bool
    """It is of this run and wants a person: said also where nothing else is."""


def list_messages(news: "WorklistNews") -> Iterator[Message]:
    """Say what was read from the worklist, what was not as it was drawn, and what waits."""
    read = [
        f"{count:,} {noun if count == 1 else _PLURALS.get(noun, noun + 's')}"
        for kind, noun in _READ.items()
        if (count := news.counts.get(kind, 0))
    ]
    if read:
        yield Message(
            f"Typed into the worklist since the last run: {', '.join(read)}.", is_new=False
        )
    if news.left:
        yield Message(f"worklist.xlsx {_LEFT[news.left]}", is_new=True)
    if news.odd or news.kept:
        why = "; ".join(_ODD[kind] for kind in _ODD if news.odd.get(kind))
        kept = f" The old one is kept as {', '.join(news.kept)}." if news.kept else ""
        yield Message(
            f"The worklist was not as labflag wrote it{f': {why}' if why else ''}.{kept}",
            is_new=True,
        )
    if news.to_place:
        yield Message(
            f"Of {count_text(news.to_place, 'note')} it is not certain whose they are: see the "
            'sheet "Notes to be placed" of worklist.xlsx.',
            is_new=bool(news.counts.get("unplaced")),
        )
    if news.other:
        yield Message(
            "worklist.ods: what is typed in it is read; but go on in worklist.xlsx, which is new.",
            is_new=False,
        )
    if news.copies:
        named = ", ".join(news.copies[:_NAMED])
        more = len(news.copies) - _NAMED
        yield Message(
            f"Not read, as only worklist.xlsx is: {named}{f' and {more} more' if more > 0 else ''}"
            ". What is typed there is in no worklist.",
            is_new=news.has_new_copy,
        )


def print_worklist(*news: "WorklistNews", quiet: bool = False) -> None:
    """Print what is to be said; where nothing else is printed, what is new, as an error."""
    for said in dict.fromkeys(line for each in news for line in list_messages(each)):
        if not quiet:
            click.echo(said.text)
        elif said.is_new:
            click.echo(f"labflag: {said.text}", err=True)
