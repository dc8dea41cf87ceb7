"""The verbs of a site that runs unattended: init, doctor, status, release, reject."""

import getpass
import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import (
    by_option,
    ends_well,
    file_options,
    history_option,
    output_option,
    settings_of,
    settings_with_commands,
)
from pipeline.cli.worklist_news import print_worklist
from pipeline.errors import Exit
from pipeline.texts import ENGLISH, LANGUAGES
from pipeline.texts.counts import count_text

if TYPE_CHECKING:
    from pipeline.commands.status import Status


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--language",
    type=click.Choice([*LANGUAGES]),
    default=ENGLISH.language,
    help="Of everything that people open.  [default: en]",
)
@ends_well
def init(folder: Path, language: str) -> None:
    """Make the folder of a site: inbox, archive, reports, a labflag.toml with comments.

    Prints the lines that start a run every ten minutes.
    """
    from pipeline.site.setup import make_site

    site = make_site(folder, language)
    click.echo(f"Made {site.folder}: drop exports into {site.folder / 'inbox'}.")
    click.echo("\nTo run every ten minutes, add this line with `crontab -e`:")
    click.echo(f"  {site.cron_line}")
    click.echo("or, on Windows, run this once:")
    click.echo(f"  {site.task_line}")
    click.echo("or leave this running:")
    click.echo(f"  {site.watch_line}")


@click.command()
@output_option
@file_options
@history_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@ends_well
def doctor(config: Path | None, as_json: bool, **options: object) -> None:
    """Look at everything that a run needs; name each fault and its cure.

    Ends with exit code 1 if there is one.
    """
    from pipeline.commands.doctor import check_up

    # None of the commands is started: it is said whether a run would.
    checks = list(check_up(settings_with_commands(config, **options), datetime.now))
    if as_json:
        listed = [
            {"subject": each.subject, "well": each.is_well, "said": each.said, "cure": each.cure}
            for each in checks
        ]
        click.echo(json.dumps(listed, indent=2))
    else:
        for each in checks:
            click.echo(f"{'ok   ' if each.is_well else 'FAULT'} {each.subject}: {each.said}")
            if not each.is_well:
                click.echo(f"      {each.cure}")
    sys.exit(Exit.DONE if all(each.is_well for each in checks) else Exit.HELD)


@click.command()
@output_option
@file_options
@history_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@ends_well
def status(config: Path | None, as_json: bool, **options: object) -> None:
    """Show what came, what is held, what waits to be decided, and how the last runs ended.

    Ends with exit code 1 if something stops the reports from being up to date, also where no
    run was made yet.
    """
    from pipeline.commands.status import look_at_site

    settings = settings_of(config, **options)
    found = look_at_site(settings)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, default=str))
    else:
        _print_status(found, settings.output)
    sys.exit(Exit.HELD if found.faults else Exit.DONE)


def _print_status(found: "Status", output: Path) -> None:
    files, results = count_text(found.files, "file"), count_text(found.results, "result")
    where = f" (the rows are in {output / 'held'}, the reasons in issues.csv)" if found.held else ""
    click.echo(f"{files}; in use {results}, held {found.held:,}{where}.")
    if found.withdrawn_files:
        files = count_text(found.withdrawn_files, "file")
        results = count_text(found.withdrawn_results, "result")
        click.echo(f"Taken back, and in none of these counts: {files}, {results}.")
    for fault in found.faults:
        click.echo(f"FAULT {fault}")
    click.echo(
        f"On the worklist: {count_text(found.listed, 'patient')}; for information, on a sheet of "
        f"their own: {found.for_information:,}; identity conflicts open: {found.in_conflict:,}."
    )
    if found.is_withheld:
        click.echo("THE STOP SWITCH IS ON (hold_all): NO REPORT IS WRITTEN.")
    for conflict in found.conflicts:
        of = "patients with one specimen id" if conflict.is_specimen else "versions of a person"
        click.echo(
            f"  {conflict.hold}: {conflict.versions} {of}, {conflict.results} "
            "results held; see the worklist, then: labflag release|reject "
            f"{conflict.hold} --version N"
        )
    if any(conflict.is_specimen for conflict in found.conflicts):
        click.echo(
            "  If specimen numbers start anew each day, say so instead, in labflag.toml or a "
            'layout: specimen_ids = "restart-daily"'
        )
    if found.dropped or found.claimed:
        click.echo(
            f"Inbox: {count_text(found.dropped, 'file')}, {found.claimed} taken and not filed yet."
        )
    if found.locked:
        locked = count_text(found.locked, "report")
        click.echo(f"Open in another program: {locked}; the next run tries again.")
    for run in found.runs:
        ended = "finished" if run.finished_at else "not finished: the next run does it"
        click.echo(f"Run of {run.started_at:%Y-%m-%d %H:%M}: {ended}.")
    if found.beat_at:
        click.echo(f"Last look into the inbox: {found.beat_at}, exit code {found.beat_exit_code}.")
    if found.holder:
        click.echo(f"At work now: {found.holder}.")


def _decision(name: str, text: str, version_help: str) -> click.Command:
    """Make the command of a decision about versions of a person."""

    @click.command(name, help=text)
    @click.argument("hold")
    @click.option("--version", type=int, required=True, metavar="N", help=version_help)
    @by_option
    @output_option
    @file_options
    @history_option
    @ends_well
    def decide(
        hold: str, version: int, by: str | None, config: Path | None, **options: object
    ) -> None:
        from pipeline.commands.history import decide_conflict

        settings = settings_of(config, **options)
        who = by or getpass.getuser()
        news = decide_conflict(settings, name, hold, version, who, clock=datetime.now)
        click.echo(f"{hold}: decided by {who}; the reports are up to date.")
        print_worklist(*news)

    return decide


release = _decision(
    "release",
    "All versions of the person in HOLD are one person; version N has the right details. Of a "
    "specimen in conflict: it is the patient's of version N; under others it stays held.\n\n"
    "HOLD and the versions stand in the worklist on the sheet of identity conflicts.",
    "The version that is right.",
)
reject = _decision(
    "reject",
    "Version N in HOLD is another person: its results stay held, those of the others count. Of a "
    "specimen in conflict: it is not the patient's of version N.\n\n"
    "HOLD and the versions stand in the worklist on the sheet of identity conflicts.",
    "The version that is wrong.",
)
