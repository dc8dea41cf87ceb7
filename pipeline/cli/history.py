"""The verbs that look after the history: rebuild, reassign, purge, backup, restore."""

import getpass
import sys
from datetime import date, datetime
from pathlib import Path

import click

from pipeline.cli.options import (
    FILE,
    NEW_FILE,
    by_option,
    confirm,
    dry_option,
    ends_well,
    file_options,
    history_option,
    output_option,
    pass_through,
    settings_of,
    show_progress,
    yes_option,
)
from pipeline.cli.worklist_news import print_worklist
from pipeline.errors import Exit
from pipeline.texts.counts import count_text


@click.command()
@output_option
@file_options
@history_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@ends_well
def rebuild(config: Path | None, quiet: bool, **options: object) -> None:
    """Write every report anew from the history; the same bytes if nothing has changed."""
    from pipeline.cli.console import print_summary
    from pipeline.commands.history import rebuild_reports

    settings = settings_of(config, **options)
    progress = pass_through if quiet else show_progress
    batch = rebuild_reports(settings, clock=datetime.now, progress=progress)
    if not quiet:
        print_summary(batch, settings, wrote=True, read=False)


@click.command()
@click.option(
    "--older-than",
    required=True,
    metavar="AGE|DATE",
    help="5y, 18m or 90d, or a date such as 2021-01-01.",
)
@output_option
@file_options
@history_option
@dry_option
@yes_option
@ends_well
def purge(
    older_than: str, config: Path | None, dry_run: bool, yes: bool, **options: object
) -> None:
    """Delete results that were collected long ago from the history and the reports.

    Results without a date go by the day on which they were received. Input files are not
    touched, and are not read again.
    """
    from pipeline.commands.history import oldest_kept, purge_history

    settings = settings_of(config, **options)
    before = oldest_kept(older_than, date.today())
    purged, _ = purge_history(settings, before, clock=datetime.now, rehearse=True)
    click.echo(
        f"{count_text(purged.results, 'result')} collected before {before}, "
        f"{count_text(purged.files, 'file')}, {count_text(purged.notes, 'typed note')}."
    )
    if dry_run or not purged.results + purged.files:
        return
    confirm("Delete them for good?", yes)
    _, news = purge_history(settings, before, clock=datetime.now, progress=show_progress)
    click.echo("Deleted; the reports are up to date.")
    print_worklist(*news)
    if purged.worklists:
        click.echo(f"Kept worklists that named such patients, deleted too: {purged.worklists}.")


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--accession", metavar="A", help="Move the results of this specimen alone.")
@by_option
@output_option
@file_options
@history_option
@dry_option
@yes_option
@ends_well
def reassign(
    old: str,
    new: str,
    accession: str | None,
    by: str | None,
    config: Path | None,
    dry_run: bool,
    yes: bool,
    **options: object,
) -> None:
    """Move results from patient id OLD to NEW, after an id was corrected.

    It holds for what has been received so far. What then contradicts itself is held, as always.
    """
    from pipeline.commands.history import count_results, reassign_patient

    settings = settings_of(config, **options)
    count = count_results(settings, old, accession or "", clock=datetime.now)
    of = f"patient {old}, specimen {accession}" if accession else f"patient {old}"
    click.echo(f"{count_text(count, 'result')} stored of {of}.")
    if not count:
        sys.exit(Exit.USAGE)
    if dry_run:
        return
    confirm(f"Move {'it' if count == 1 else 'them'} to patient {new}?", yes)
    who = by or getpass.getuser()
    news = reassign_patient(
        settings, old, new, accession or "", who, clock=datetime.now, progress=show_progress
    )
    click.echo("Moved; the reports are up to date.")
    print_worklist(*news)


@click.command()
@click.argument("file", type=NEW_FILE)
@output_option
@history_option
@click.option("--config", type=FILE, metavar="FILE", help="Configuration.")
@ends_well
def backup(file: Path, config: Path | None, **options: object) -> None:
    """Copy the history into FILE, also while a run is at work or from a server."""
    from pipeline.commands.history import back_up

    back_up(settings_of(config, **options), file, clock=datetime.now)
    click.echo(f"History: {file} (it holds patient data; keep it as you keep the reports)")


@click.command()
@click.argument("file", type=FILE)
@output_option
@file_options
@history_option
@yes_option
@ends_well
def restore(file: Path, config: Path | None, yes: bool, **options: object) -> None:
    """Put the history back to what FILE holds, and the reports with it.

    What was received since is forgotten until it is read again.
    """
    from pipeline.commands.history import restore_history

    settings = settings_of(config, **options)
    confirm("Replace the history, and every report with it?", yes)
    news = restore_history(settings, file, clock=datetime.now, progress=show_progress)
    click.echo("Restored; the reports are up to date.")
    print_worklist(*news)
