"""How files are understood; a layout or a template to go on from there."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.commands.context import Clock, Progress, knowledge_of, read_exports, site_conventions
from pipeline.config import Settings
from pipeline.files.durable import refuse_existing, write_text
from pipeline.ingest.file import read_results
from pipeline.ingest.layout.describe_layout import Identified, describe_conventions
from pipeline.ingest.layout.write_layout import ROW_BY_ROW, write_layout
from pipeline.ingest.sources import find_exports
from pipeline.knowledge.translate import translate
from pipeline.report.excel.package import save_workbook
from pipeline.report.template import render_template
from pipeline.texts import LANGUAGES


def identify_exports(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> list[Identified]:
    """Say how each file is understood."""
    knowledge = knowledge_of(settings)
    exports = find_exports(sources, settings.output).exports
    files = read_exports(exports, settings, knowledge, clock=clock, progress=progress)
    return [describe_conventions(file) for file in files]


def save_layout(
    source: Path, target: Path, settings: Settings, *, clock: Clock, progress: Progress
) -> None:
    """Write down how a file is understood, as a layout to edit.

    Raises:
        ConfigError: The file was not recognized, or no single layout can describe it.
        OutputError: The layout file is there already, or cannot be written.
    """
    knowledge = knowledge_of(settings)
    exports = find_exports([source]).exports
    (file,) = read_exports(exports, settings, knowledge, clock=clock, progress=progress)
    if not settings.layout and "patient-column-missing" in set(file.issues["code"]):
        site, path = site_conventions(settings), exports[0].path
        by_row = read_results(path, file.file.name, knowledge, site, ROW_BY_ROW)
        file = by_row if by_row.sheets else file
    refuse_existing(target)
    write_text(write_layout(file, target.name), target)


def write_template(target: Path, settings: Settings, *, clock: Clock) -> None:
    """Write an empty workbook to fill in by hand.

    Raises:
        OutputError: The file is there already, or cannot be written.
    """
    refuse_existing(target)
    knowledge = translate(knowledge_of(settings), settings.language)
    book = render_template(knowledge, LANGUAGES[settings.language])
    save_workbook(book, target, clock())
