"""The verbs that take a stored file back, or put another one in its place."""

import getpass
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import (
    FILE,
    by_option,
    confirm,
    dry_option,
    ends_well,
    file_options,
    history_option,
    output_option,
    settings_of,
    show_progress,
    yes_option,
)
from pipeline.cli.worklist_news import print_worklist
from pipeline.errors import Exit
from pipeline.texts.counts import count_text

if TYPE_CHECKING:
    from pipeline.commands.withdraw import Stored


@click.command()
@click.argument("file", metavar="FILE|HASH")
@click.option("--undo", is_flag=True, help="Let a file count again that was taken back.")
@by_option
@output_option
@file_options
@history_option
@dry_option
@yes_option
@ends_well
def withdraw(
    file: str,
    undo: bool,
    by: str | None,
    config: Path | None,
    dry_run: bool,
    yes: bool,
    **options: object,
) -> None:
    """Take a file back that should not have been read: none of its results counts any more.

    FILE is its name as it was dropped, its path in the archive, or HASH, the beginning of its
    SHA-256. It stays stored: --undo lets it count again. Dropped again, it stays taken back.
    """
    from pipeline.commands.withdraw import find_stored, withdraw_file

    settings = settings_of(config, **options)
    found = find_stored(settings, file, clock=datetime.now)
    click.echo(_describe(found))
    if found.is_withdrawn != undo:
        click.echo("It is taken back already." if found.is_withdrawn else "It is not taken back.")
        return
    if dry_run:
        return
    confirm("Let its results count again?" if undo else "Take its results out?", yes)
    who = by or getpass.getuser()
    news = withdraw_file(
        settings, found.file, who, undo=undo, clock=datetime.now, progress=show_progress
    )
    done = "Its results count again" if undo else "Taken back"
    click.echo(f"{done}; the reports are up to date.")
    print_worklist(*news)


@click.command()
@click.argument("old", metavar="OLD|HASH")
@click.argument("new", type=FILE)
@by_option
@output_option
@file_options
@history_option
@dry_option
@yes_option
@ends_well
def replace(
    old: str,
    new: Path,
    by: str | None,
    config: Path | None,
    dry_run: bool,
    yes: bool,
    **options: object,
) -> None:
    """Put the file NEW in the place of OLD, which was read before and was wrong.

    OLD is named as for `labflag withdraw`. Where NEW gives another value, reports show the
    former one as corrected. Results that only OLD has do not count any more.
    """
    from pipeline.commands.withdraw import find_stored, replace_file

    settings = settings_of(config, **options)
    found = find_stored(settings, old, clock=datetime.now)
    click.echo(_describe(found))
    if found.is_withdrawn:
        click.echo("It is taken back already: drop the new file, or read it with `labflag run`.")
        sys.exit(Exit.USAGE)
    if dry_run:
        return
    confirm("Put the new file in its place?", yes)
    who = by or getpass.getuser()
    file, news = replace_file(
        settings, found.file, new, who, clock=datetime.now, progress=show_progress
    )
    click.echo(
        f"Replaced by {count_text(file.read, 'result')}, {file.held:,} of them held; the reports "
        "are up to date."
    )
    print_worklist(*news)
    sys.exit(Exit.HELD if file.held else Exit.DONE)


def _describe(found: "Stored") -> str:
    came = found.file.received_at
    received = f", received {came:%Y-%m-%d %H:%M}" if came else ""
    return (
        f"{found.file.name} ({found.file.sha256[:8]}){received}: "
        f"{count_text(found.file.read, 'result')} of {count_text(found.patients, 'patient')}."
    )
