"""The verbs about the log of what was done: audit verify, seal, accept."""

import sys
from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.options import (
    FILE,
    config_option,
    confirm,
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


@click.group()
def audit() -> None:
    """Look at the log of what was done."""


@audit.command("verify")
@config_option
@output_option
@history_option
@click.option(
    "--deep", is_flag=True, help="Also read every archived input again, and compare each row."
)
@click.option(
    "--anchor",
    type=FILE,
    metavar="FILE",
    help="Compare with this anchor, or a copy of it, and not with the one of the settings.",
)
@click.option(
    "--names", is_flag=True, help="Name the files, whose names may hold patients' identifiers."
)
@ends_well
def verify(
    config: Path | None, deep: bool, anchor: Path | None, names: bool, **options: object
) -> None:
    """Find what was changed, removed or added: in the log, the reports, and what is stored.

    The log is compared with its anchor too, if the settings or --anchor name one.

    Ends with exit code 1 if there is a fault. Files are named by the beginning of their hash.
    """
    from pipeline.commands.deep_check import verify_inputs
    from pipeline.publish.anchor_check import verify_anchor
    from pipeline.publish.audit_check import verify_history
    from pipeline.publish.audit_log import verify_site
    from pipeline.publish.check_seals import verify_seals
    from pipeline.site.location import locate_history

    settings = settings_of(config, **options)
    place = locate_history(settings)
    # First: a run may be at work, and what it anchors is in the log before.
    faults = list(verify_anchor(settings, place, anchor))
    faults += verify_site(settings.output)
    faults += verify_history(settings.output, place, datetime.now)
    faults += verify_seals(settings.output, place, datetime.now)
    faults += verify_inputs(settings, datetime.now) if deep else ()
    for fault in faults:
        named = f": {fault.path}" if names and fault.path else ""
        click.echo(f"{'note ' if fault.is_note else 'FAULT'} {fault.what}{named}")
    if any(fault.path for fault in faults) and not names:
        click.echo("--names says which files; their names may hold patients' identifiers.")
    found = [fault for fault in faults if not fault.is_note]
    click.echo(
        f"{count_text(len(found), 'fault')}."
        if found
        else "The log and the reports are as written."
    )
    sys.exit(Exit.HELD if found else Exit.DONE)


@audit.command("seal")
@config_option
@output_option
@history_option
@ends_well
def seal(config: Path | None, **options: object) -> None:
    """Print where the log ends, as a line of an anchor: kept elsewhere, it shows a log rewritten.

    Signed where the settings name a key. `labflag audit verify --anchor` compares such lines.
    """
    from pipeline.publish.anchor_check import compose_last
    from pipeline.site.location import locate_history

    settings = settings_of(config, **options)
    line, key = compose_last(settings, locate_history(settings), datetime.now())
    click.echo(line.as_text(key))
    sys.exit(Exit.DONE if line.lines else Exit.HELD)


@audit.command("accept")
@file_options
@output_option
@history_option
@yes_option
@ends_well
def accept(config: Path | None, yes: bool, **options: object) -> None:
    """Take the history that is there for the right one, whatever the log says.

    For when a run ends because history, log and folder do not belong together, and you know why:
    a folder was put back from a copy, or moved. That it was accepted stands in the log. A log that
    was changed, cut off or lost is kept, and a new one begun.
    """
    from pipeline.commands.history import accept_history

    settings = settings_of(config, **options)
    confirm("Take what is stored for right, and write the reports of it?", yes)
    news, kept = accept_history(settings, clock=datetime.now, progress=show_progress)
    if kept:
        click.echo(f"The log was not as it was written: it is kept as {kept}, a new one is begun.")
    click.echo("Accepted; the reports are up to date.")
    print_worklist(*news)
