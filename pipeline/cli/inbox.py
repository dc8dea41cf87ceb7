"""The inbox: one round of `labflag run`, and the loop of `labflag watch`."""

import json
import signal
import sys
import threading
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.console import counts_of, print_summary
from pipeline.cli.options import (
    describe_fault,
    ends_well,
    file_options,
    history_option,
    inbox_options,
    output_option,
    print_unanchored,
    settings_with_commands,
)
from pipeline.cli.worklist_news import print_worklist
from pipeline.errors import Exit, LabflagError, exit_code
from pipeline.texts.counts import count_text

if TYPE_CHECKING:
    from pipeline.commands.context import Progress
    from pipeline.commands.watch import Tally
    from pipeline.config import Settings


def run_inbox(settings: "Settings", progress: "Progress", *, quiet: bool, as_json: bool) -> int:
    """Make one round over the inbox, tell of it, give the exit code."""
    import time

    from pipeline.commands.inbox import process_inbox
    from pipeline.commands.watch import tally_of

    done = process_inbox(settings, clock=datetime.now, progress=progress, sleep=time.sleep)
    if as_json:
        filed = {str(kind): count for kind, count in done.filed.items()}
        results = Counter[str]()
        for batch in done.batches:
            results.update(counts_of(batch))
        said = {
            "filed": filed,
            "waiting": done.waiting,
            "failed": dict(done.failed),
            "unanchored": done.unanchored,
            "results": results,
        }
        click.echo(json.dumps(said, indent=2))
        print_unanchored(done.unanchored)
    for batch in done.batches:
        if quiet or as_json:
            print_worklist(batch.worklist, quiet=True)
        elif batch.accounts.files or not (done.failed or len(done.batches) > 1):
            print_summary(batch, settings, wrote=bool(done.written))
    for place in done.faults:
        click.echo(f"labflag: {describe_fault(place)} The other files were read.", err=True)
    if not as_json and (not quiet or done.exit_code != Exit.DONE):
        click.echo(print_inbox_run(tally_of(done)))
    return done.exit_code


@click.command()
@inbox_options
@output_option
@file_options
@history_option
@click.option("--interval", type=float, metavar="SECONDS", help="Between two looks.  [default: 30]")
@click.option("--json", "as_json", is_flag=True, help="Print each round as a line of JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Say first what is watched, and how often.")
@ends_well
def watch(
    config: Path | None, as_json: bool, quiet: bool, verbose: bool, **options: object
) -> None:
    """Look into the inbox again and again, as `labflag run` does once.

    Says a line when something happened. Ends after the round it is in when it is told to
    (Ctrl-C, SIGTERM).
    """
    from pipeline.commands.watch import watch_inbox

    settings = settings_with_commands(config, **options)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def tell(happened: "Tally | LabflagError") -> None:
        now = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
        if isinstance(happened, LabflagError):
            click.echo(f"{now} labflag: {happened} (exit code {exit_code(happened)})", err=True)
        elif as_json:
            click.echo(json.dumps({"at": now, **asdict(happened)}))
        elif not quiet:
            click.echo(f"{now} {print_inbox_run(happened)}")
        sys.stdout.flush()

    if verbose and not quiet:
        seconds = f"every {settings.interval:g} seconds"
        click.echo(f"Watching {settings.inbox} {seconds}; Ctrl-C ends.", err=as_json)
    watch_inbox(settings, clock=datetime.now, wait=stop.wait, tell=tell)


def print_inbox_run(done: "Tally") -> str:
    """Tell of a round in one line: counts and no names, which may be of patients."""
    from pipeline.site.tries import describe_failed

    parts = [f"{count_text(count, 'file')} to {kind}" for kind, count in done.filed.items()]
    if done.read is not None:
        parts.append(f"{count_text(done.read, 'result')} read, {done.held:,} held")
    if done.locked:
        parts.append(f"{count_text(done.locked, 'report')} open elsewhere, tried again")
    if done.is_withheld:
        parts.append("STOP SWITCH IS ON (hold_all): no report written")
    if done.is_worklist_kept:
        parts.append("worklist was not as it was written: the old one is kept beside it")
    if done.to_place:
        parts.append(f"{count_text(done.to_place, 'note')} to be placed")
    if done.failed:
        parts.append(describe_failed(done.failed))
    if done.unseen:
        parts.append(f"folders or files that cannot be looked at or taken: {done.unseen:,}")
    if done.unanchored:
        parts.append(f"NOT ANCHORED: {done.unanchored}")
    if done.waiting:
        parts.append(f"{count_text(done.waiting, 'file')} still arriving or open")
    return f"inbox: {'; '.join(parts) or 'nothing new'}"
