"""The verbs that read exports: run, check, identify, and the template to type into."""

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.console import counts_of, list_problems, print_problems, print_summary
from pipeline.cli.inbox import run_inbox
from pipeline.cli.options import (
    NEW_FILE,
    ends_well,
    file_options,
    history_option,
    inbox_options,
    knowledge_options,
    optional_sources_argument,
    output_option,
    pass_through,
    print_unanchored,
    settings_of,
    settings_with_commands,
    show_progress,
    sources_argument,
)
from pipeline.cli.worklist_news import print_worklist
from pipeline.errors import Exit
from pipeline.texts import LANGUAGES


@click.command()
@optional_sources_argument
@inbox_options
@output_option
@file_options
@history_option
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
@ends_well
def run(
    sources: tuple[Path, ...],
    config: Path | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **options: object,
) -> None:
    """Add exports to the history; write the reports that change, and the worklist.

    Reports tell of everything that was ever received. Files that are known already count once.

    SRC are files or folders: .csv, .tsv, .txt, .xlsx, .xls, .ods. Without SRC, the files of the
    inbox are taken that --inbox or labflag.toml names.
    """
    settings = settings_with_commands(config, **options)
    if bool(sources) == bool(options["inbox"]) and (sources or settings.inbox is None):
        raise click.UsageError("Name files or folders to read, or an inbox with --inbox.")
    progress = pass_through if quiet else show_progress
    if not sources:
        if dry_run:
            raise click.UsageError("--dry-run reads files and folders; it takes none of an inbox.")
        sys.exit(run_inbox(settings, progress, quiet=quiet, as_json=as_json))
    from pipeline.commands.run import rehearse_batch, run_batch

    written: tuple[Path, ...] = ()
    if dry_run:
        batch = rehearse_batch(sources, settings, clock=datetime.now, progress=progress)
    else:
        batch, written = run_batch(sources, settings, clock=datetime.now, progress=progress)
    if as_json and written:
        click.echo((settings.output / "manifest.json").read_text(encoding="utf-8"), nl=False)
    elif as_json:
        click.echo(json.dumps({"results": counts_of(batch)}, indent=2))
    elif not quiet:
        print_problems(batch, verbose=verbose)
        print_summary(batch, None if dry_run else settings, wrote=bool(written))
    if quiet or as_json:
        print_worklist(batch.worklist, quiet=True)
    print_unanchored(batch.unanchored)
    sys.exit(batch.exit_code)


@click.command()
@sources_argument
@file_options
@click.option("--json", "as_json", is_flag=True, help="Print every problem as JSON.")
@click.option(
    "--show-cells",
    is_flag=True,
    help="Show what stands in the cells concerned; on a terminal it is shown without asking.",
)
@click.option("-v", "--verbose", is_flag=True, help="Name every place of every problem.")
@ends_well
def check(
    sources: tuple[Path, ...],
    config: Path | None,
    as_json: bool,
    show_cells: bool,
    verbose: bool,
    **options: object,
) -> None:
    """Say what would be held and why; write nothing.

    On a terminal the text of each cell concerned is shown; into a file or another program it
    goes with --show-cells only, as it may hold data of patients.
    """
    from pipeline.commands.run import check_batch

    settings = settings_of(config, **options)
    # Not what is redirected into a file or a log that is kept.
    shows = show_cells or (not as_json and sys.stdout.isatty())
    batch = check_batch(
        sources, settings, shows_cells=shows, clock=datetime.now, progress=show_progress
    )
    if as_json:
        click.echo(json.dumps(list_problems(batch), indent=2))
    else:
        print_problems(batch, verbose=verbose)
        print_summary(batch, None, wrote=False)
    sys.exit(batch.exit_code)


@click.command()
@sources_argument
@file_options
@click.option(
    "--save",
    type=NEW_FILE,
    metavar="FILE",
    help="Write it as a layout to edit and use with --layout.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@ends_well
def identify(
    sources: tuple[Path, ...],
    config: Path | None,
    save: Path | None,
    as_json: bool,
    **options: object,
) -> None:
    """Say how each file is understood: layout, columns, units, dates, decimal sign."""
    from pipeline.commands.identify import identify_exports, save_layout

    settings = settings_of(config, **options)
    if save is not None:
        if len(sources) != 1 or sources[0].is_dir():
            raise click.UsageError("--save takes one file, whose layout it writes.")
        save_layout(sources[0], save, settings, clock=datetime.now, progress=show_progress)
        click.echo(f"Layout: {save} (edit it, then: labflag run FILE --layout {save})")
        return
    files = identify_exports(sources, settings, clock=datetime.now, progress=show_progress)
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


@click.command()
@click.option(
    "-o",
    "--output",
    type=NEW_FILE,
    default="labflag-template.xlsx",
    metavar="FILE",
    help="The workbook to write.  [default: labflag-template.xlsx]",
)
@click.option("--language", type=click.Choice([*LANGUAGES]), help="Of the workbook.  [default: en]")
@knowledge_options
@ends_well
def template(output: Path, language: str | None, knowledge: Path | None, profile: str) -> None:
    """Write an empty workbook for results that are typed by hand."""
    from pipeline.commands.identify import write_template

    if output.suffix.lower() != ".xlsx":
        raise click.UsageError("The name of the workbook must end in .xlsx.")
    settings = settings_of(None, language=language, knowledge=knowledge, profile=profile)
    write_template(output, settings, clock=datetime.now)
    click.echo(f"Template: {output} (fill it in, then: labflag run {output})")
