"""What the verbs share: options, the guard around each of them, settings, progress."""

import functools
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.errors import Exit, LabflagError, exit_code
from pipeline.texts import LANGUAGES

if TYPE_CHECKING:
    from pipeline.config import Settings

T = TypeVar("T")
Command = Callable[..., None]

_PATIENCE = 2.0  # seconds before progress is shown
_STOPPED = "stopped. What is stored stays; the next run goes on from there."

EXISTING = click.Path(exists=True, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


def ends_well(command: Command) -> Command:
    """Turn exceptions into one sentence and the exit code; never show a patient's data."""

    @functools.wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo(f"\nlabflag: {_STOPPED}", err=True)
            sys.exit(Exit.STOPPED)
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
        except MemoryError:
            click.echo(
                "labflag: there was too little memory. Nothing more was written; what is stored "
                "stays. Give the machine more, end other programs, or export in parts.",
                err=True,
            )
            sys.exit(Exit.OUTPUT)
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            # Not the message: it may quote a cell.
            where = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
            click.echo(f"labflag: {describe_fault(where)} Nothing more was written.", err=True)
            sys.exit(Exit.BUG)

    return guarded


def describe_fault(where: str) -> str:
    """Say that labflag itself failed, and where."""
    return f"a fault of labflag itself: {where}. Please report this line; it holds no patient data."


def confirm(question: str, yes: bool) -> None:
    """Ask before something is changed, unless `yes`; a no ends the command without a fault."""
    if not yes and not click.confirm(question):
        click.echo("Nothing was changed.")
        sys.exit(Exit.DONE)


def file_options(command: Command) -> Command:
    """Add the options that say how files are read and which knowledge is used."""
    options = [
        click.option("--layout", metavar="NAME|FILE", help="Read every file by this layout."),
        click.option("--profile", metavar="NAME|FILE", help="Limits to use.  [default: default]"),
        click.option(
            "--language",
            type=click.Choice([*LANGUAGES]),
            help="Of titles and comments in reports.  [default: en]",
        ),
        click.option(
            "--knowledge", type=FOLDER, metavar="DIR", help="Lay this folder over the rules."
        ),
        click.option(
            "--config", type=FILE, metavar="FILE", help="Configuration.  [default: labflag.toml]"
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def output_option(command: Command) -> Command:
    return click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Folder for reports.  [default: reports]",
    )(command)


def history_option(command: Command) -> Command:
    return click.option(
        "--history",
        metavar="FILE|URL",
        help="Database of all results; a file, or postgresql+psycopg://…  [default: in DIR]",
    )(command)


def sources_argument(command: Command) -> Command:
    return click.argument("sources", metavar="SRC...", nargs=-1, required=True, type=EXISTING)(
        command
    )


def inbox_options(command: Command) -> Command:
    """Add the drop folder and the stop switch."""
    for option in (
        click.option(
            "--hold-all",
            is_flag=True,
            default=None,
            help="Stop switch: store results, write no report.",
        ),
        click.option(
            "--inbox",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Take the files that have arrived in this folder, and file them away.",
        ),
    ):
        command = option(command)
    return command


def optional_sources_argument(command: Command) -> Command:
    return click.argument("sources", metavar="[SRC...]", nargs=-1, type=EXISTING)(command)


def knowledge_options(command: Command) -> Command:
    for option in (
        click.option("--knowledge", type=FOLDER, metavar="DIR", help="Lay this folder over."),
        click.option("--profile", default="default", metavar="NAME|FILE", help="Limits to use."),
    ):
        command = option(command)
    return command


yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
dry_option = click.option("-n", "--dry-run", is_flag=True, help="Say what would be done.")
by_option = click.option("--by", metavar="WHO", help="Who decides.  [default: the user]")
config_option = click.option(
    "--config", type=FILE, metavar="FILE", help="Configuration.  [default: labflag.toml]"
)


def print_unanchored(why: str) -> None:
    """Print, as an error, why it was not noted elsewhere where the log ends."""
    if why:
        click.echo(f"labflag: the reports stand, and the log is NOT ANCHORED: {why}.", err=True)


def settings_of(config: Path | None, **options: object) -> "Settings":
    from pipeline.config import load_settings

    return load_settings(config, **options)


def settings_with_commands(config: Path | None, **options: object) -> "Settings":
    """Load the settings for a verb that may start the commands that they hold."""
    from pipeline.config import load_with_commands

    return load_with_commands(config, **options)


def pass_through(items: Iterable[T], length: int, label: str) -> Iterator[T]:
    yield from items


def show_progress(items: Iterable[T], length: int, label: str) -> Iterator[T]:
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
