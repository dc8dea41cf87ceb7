"""The command line: verbs, options, exit codes. The only module that prints.

Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

import functools
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline import __version__
from pipeline.errors import Exit, LabflagError, exit_code

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.batch import Batch
    from pipeline.config import Settings

T = TypeVar("T")
Command = Callable[..., None]

_PATIENCE = 2.0  # seconds before progress is shown
_PLACES = 3  # places named for each kind of problem, unless -v asks for all

_HELP = {"help_option_names": ["-h", "--help"]}
_EXISTING = click.Path(exists=True, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(context_settings=_HELP)
@click.version_option(__version__, prog_name="labflag")
def main() -> None:
    """Find low vitamin B12, macrocytic anemia and low blood counts in laboratory exports.

    \b
    labflag run march.csv -o reports    reports and a worklist from an export
    labflag check march.csv             what would be held, and why; writes nothing
    labflag identify march.csv          how the file was understood
    labflag template                    an empty workbook to type results into

    Exit codes: 0 done, 1 something was held, 2 wrong usage, 3 nothing could be read,
    4 knowledge or configuration invalid, 5 an output could not be written, 70 a fault of labflag.
    """  # noqa: D301 - Click needs the control character itself


def _ends_well(command: Command) -> Command:
    """Turn exceptions into one sentence and the exit code; never show a patient's data."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except LabflagError as error:
            click.echo(f"labflag: {error}", err=True)
            sys.exit(exit_code(error))
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): what was done, was done.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(Exit.HELD)
        except OSError as error:
            click.echo(f"labflag: {error.strerror or type(error).__name__}", err=True)
            sys.exit(Exit.OUTPUT)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            # Not the message: it may quote a cell.
            click.echo(
                f"labflag: a fault of labflag itself: {type(error).__name__} in "
                f"{Path(place.filename).name}:{place.lineno}. Nothing more was written. "
                "Please report this line; it holds no patient data.",
                err=True,
            )
            sys.exit(Exit.BUG)

    return guarded


def _reading_options(command: Command) -> Command:
    """Add the options that say how files are read and which knowledge is used."""
    options = [
        click.option("--layout", metavar="NAME|FILE", help="Read every file by this layout."),
        click.option("--profile", metavar="NAME", help="Limits to use.  [default: default]"),
        click.option(
            "--knowledge", type=_FOLDER, metavar="DIR", help="Lay this folder over the rules."
        ),
        click.option(
            "--config", type=_FILE, metavar="FILE", help="Configuration.  [default: labflag.toml]"
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _sources(command: Command) -> Command:
    return click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=_EXISTING)(
        command
    )


def _knowledge_options(command: Command) -> Command:
    for option in (
        click.option("--knowledge", type=_FOLDER, metavar="DIR", help="Lay this folder over."),
        click.option("--profile", default="default", metavar="NAME", help="Limits to use."),
    ):
        command = option(command)
    return command


@main.command()
@_sources
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder for reports.  [default: reports]",
)
@_reading_options
@click.option(
    "--replace",
    is_flag=True,
    default=None,
    help="Replace the reports of an earlier run in the folder.",
)
@click.option(
    "--all-outcomes",
    is_flag=True,
    default=None,
    help="Write absent and not-tested outcomes to findings.csv too.",
)
@click.option("-n", "--dry-run", is_flag=True, help="Do everything but write.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of a summary.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("-v", "--verbose", is_flag=True, help="Name every place of every problem.")
@_ends_well
def run(
    sources: tuple[Path, ...],
    config: Path | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **options: object,
) -> None:
    """Read exports, write one report per patient and a worklist.

    SRC are files or folders: .csv, .tsv, .txt, .xlsx, .xls, .ods.
    """
    from pipeline.batch import check_batch, run_batch

    settings = _settings(config, **options)
    progress = _pass_through if quiet else _show_progress
    if dry_run:
        batch = check_batch(sources, settings, clock=datetime.now, progress=progress)
    else:
        batch, _ = run_batch(sources, settings, clock=datetime.now, progress=progress)
    if as_json and not dry_run and batch.accounts.readable_files:
        click.echo((settings.output / "manifest.json").read_text(encoding="utf-8"), nl=False)
    elif as_json:
        click.echo(json.dumps({"results": _counts(batch)}, indent=2))
    elif not quiet:
        _print_problems(batch, verbose=verbose)
        _print_summary(batch, None if dry_run else settings)
    sys.exit(batch.exit_code)


@main.command()
@_sources
@_reading_options
@click.option("--json", "as_json", is_flag=True, help="Print every problem as JSON.")
@click.option("-v", "--verbose", is_flag=True, help="Name every place of every problem.")
@_ends_well
def check(
    sources: tuple[Path, ...],
    config: Path | None,
    as_json: bool,
    verbose: bool,
    **options: object,
) -> None:
    """Say what would be held and why; write nothing."""
    from pipeline.batch import check_batch

    settings = _settings(config, **options)
    batch = check_batch(sources, settings, clock=datetime.now, progress=_show_progress)
    if as_json:
        click.echo(batch.issues.drop(columns="result_id").to_json(orient="records", indent=2))
    else:
        _print_problems(batch, verbose=verbose)
        _print_summary(batch, None)
    sys.exit(batch.exit_code)


@main.command()
@_sources
@_reading_options
@click.option(
    "--save",
    type=_NEW_FILE,
    metavar="FILE",
    help="Write it as a layout to edit and use with --layout.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@_ends_well
def identify(
    sources: tuple[Path, ...],
    config: Path | None,
    save: Path | None,
    as_json: bool,
    **options: object,
) -> None:
    """Say how each file is understood: layout, columns, units, dates, decimal sign."""
    from pipeline.batch import identify_exports, save_layout

    settings = _settings(config, **options)
    if save is not None:
        if len(sources) != 1 or sources[0].is_dir():
            raise click.UsageError("--save takes one file, whose layout it writes.")
        save_layout(sources[0], save, settings, clock=datetime.now, progress=_show_progress)
        click.echo(f"Layout: {save} (edit it, then: labflag run FILE --layout {save})")
        return
    files = identify_exports(sources, settings, clock=datetime.now, progress=_show_progress)
    if as_json:
        click.echo(json.dumps([file.as_json() for file in files], indent=2, ensure_ascii=False))
    else:
        for file in files:
            for line in file.lines():
                click.echo(line)
    readable = [file for file in files if file.is_readable]
    if files and not readable:
        sys.exit(Exit.NOTHING_READABLE)
    sys.exit(Exit.DONE if len(readable) == len(files) else Exit.HELD)


@main.command()
@click.option(
    "-o",
    "--output",
    type=_NEW_FILE,
    default="labflag-template.xlsx",
    metavar="FILE",
    help="The workbook to write.  [default: labflag-template.xlsx]",
)
@_knowledge_options
@_ends_well
def template(output: Path, knowledge: Path | None, profile: str) -> None:
    """Write an empty workbook for results that are typed by hand."""
    from pipeline.batch import write_template

    if output.suffix.lower() != ".xlsx":
        raise click.UsageError("The name of the workbook must end in .xlsx.")
    settings = _settings(None, knowledge=knowledge, profile=profile)
    write_template(output, settings, clock=datetime.now)
    click.echo(f"Template: {output} (fill it in, then: labflag run {output})")


@main.group()
def rules() -> None:
    """Look at the rules: limits, ages, units, sources."""


@rules.command("list")
@_knowledge_options
@_ends_well
def list_rules(knowledge: Path | None, profile: str) -> None:
    """List the rules, a line each."""
    from pipeline.knowledge.describe import rule_lines
    from pipeline.knowledge.load import load_knowledge

    for line in rule_lines(load_knowledge(knowledge, profile)):
        click.echo(line)


@rules.command("show")
@click.argument("rule")
@_knowledge_options
@_ends_well
def show_rule(rule: str, knowledge: Path | None, profile: str) -> None:
    """Show one rule whole: conditions, limits by age and sex, wording as published, sources."""
    from pipeline.knowledge.describe import describe_rule
    from pipeline.knowledge.load import load_knowledge

    for line in describe_rule(rule, load_knowledge(knowledge, profile)):
        click.echo(line)


def _settings(config: Path | None, **options: object) -> "Settings":
    from pipeline.config import load_settings

    return load_settings(config, **options)


def _print_problems(batch: "Batch", *, verbose: bool) -> None:
    """Group what is wrong by file, kind and column; name the first places."""
    issues = batch.issues
    for (file, code, message), group in issues.groupby(
        ["source_file", "code", "message"], sort=False
    ):
        places = _places(group, all_of_them=verbose)
        count = f"{len(group)} x " if len(group) > 1 else ""
        click.echo(f"{file}: {count}{code}: {message}{places}")
    if batch.passed_over:
        names = batch.passed_over if verbose else batch.passed_over[:_PLACES]
        more = len(batch.passed_over) - len(names)
        tail = f" and {more} more (-v names all)" if more else ""
        click.echo(f"Passed over, no kind of file that labflag reads: {', '.join(names)}{tail}.")


def _places(group: "pd.DataFrame", *, all_of_them: bool) -> str:
    rows = group.dropna(subset="row")
    if rows.empty:
        return ""
    shown = rows if all_of_them else rows.head(_PLACES)
    named = [
        f"{f'{sheet}!' if sheet else ''}{row}{f' ({column})' if column else ''}"
        for sheet, row, column in shown[["sheet", "row", "column"]].itertuples(index=False)
    ]
    more = len(rows) - len(shown)
    return f"\n    row {', '.join(named)}{f' and {more} more (-v names all)' if more else ''}"


def _print_summary(batch: "Batch", settings: "Settings | None") -> None:
    accounts = batch.accounts
    if not accounts.files:
        click.echo("Nothing to do: no exports found (.csv, .tsv, .txt, .xlsx, .xls, .ods).")
        return
    if settings is not None and not accounts.readable_files:
        click.echo("No file could be read: nothing was written, and earlier reports stand.")
    counts = ", ".join(f"{count:,} {kind}" for kind, count in accounts.dispositions().items())
    click.echo(f"{accounts.files} files, {accounts.read:,} results read: {counts}.")
    patients = batch.interpretation.patients["priority"].value_counts()
    for priority in batch.knowledge.priorities:
        count = int(patients.get(priority.rank, 0))
        if count:
            click.echo(f"  {count:>6,} patients  {priority.rank} {priority.title}")
    if settings is not None and accounts.readable_files:
        click.echo(f"Worklist: {settings.output / 'worklist.xlsx'}")
        click.echo(f"Reports:  {settings.output / 'patients'}")
        if accounts.held and (settings.output / "held").is_dir():
            click.echo(f"Held:     {settings.output / 'held'} (correct the rows, hand them back)")


def _counts(batch: "Batch") -> dict[str, int]:
    counts = {str(kind): count for kind, count in batch.accounts.dispositions().items()}
    return {"read": batch.accounts.read, **counts}


def _pass_through(items: Iterable[T], length: int, label: str) -> Iterator[T]:
    yield from items


def _show_progress(items: Iterable[T], length: int, label: str) -> Iterator[T]:
    """Show a bar on a terminal once the work has taken a while; stay quiet under cron."""
    started = time.monotonic()
    bar = None
    try:
        for done, item in enumerate(items):
            late = time.monotonic() - started > _PATIENCE
            if bar is None and late and sys.stderr.isatty():
                bar = click.progressbar(length=length, label=label, file=sys.stderr)
                bar.update(done)
            yield item
            if bar is not None:
                bar.update(1)
    finally:
        if bar is not None:
            bar.render_finish()
