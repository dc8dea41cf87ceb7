"""What settings ask for, and files read by it, before anything is made of their results."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.files.durable import refuse_existing, write_text
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file import read_results
from pipeline.ingest.layout.describe_layout import Identified, describe_reading
from pipeline.ingest.layout.write_layout import ROW_BY_ROW, write_layout
from pipeline.ingest.sources import ExportFile, find_exports
from pipeline.ingest.text_tables import SiteReading
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.load import load_knowledge, load_layout
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.translate import translate
from pipeline.report.excel.package import save_workbook
from pipeline.report.template import render_template
from pipeline.review.trial import require_cases
from pipeline.texts import LANGUAGES

T = TypeVar("T")
Clock = Callable[[], datetime]


class Progress(Protocol):
    """Passes items through, and may show how far it is."""

    def __call__(self, items: Iterable[T], length: int, label: str) -> Iterator[T]:
        """Yield every item, unchanged and in order."""
        ...


def pass_through(items: Iterable[T], length: int, label: str) -> Iterator[T]:
    """Show no progress."""
    return iter(items)


def knowledge_of(settings: Settings) -> Knowledge:
    """Load the clinical content that a run is to use."""
    return load_knowledge(
        settings.knowledge,
        settings.profile,
        groups=settings.rule_groups,
        critical_values=settings.critical_values,
    )


def load_tried_knowledge(settings: Settings) -> Knowledge:
    """Load the knowledge, and try the cases that a site lays beside its own rules.

    Raises:
        KnowledgeError: The knowledge or the layout is invalid, or the cases do not hold.
        ConfigError: There is no layout of the name that the settings give.
    """
    knowledge = knowledge_of(settings)
    # As for the layout below: a comment that is missing in the language is found in time.
    translate(knowledge, settings.language)
    if settings.knowledge is not None:
        require_cases(settings.knowledge, settings.profile)
    # Here too, so that a wrong name is found before a folder is made for the reports.
    chosen_layout(settings, knowledge)
    return knowledge


def site_reading(settings: Settings) -> SiteReading:
    """Give what the settings say of how files are written."""
    return SiteReading(
        encoding=settings.encoding,
        date_order=settings.date_order,
        decimal=settings.decimal,
        population=settings.population,
        most_results=settings.most_results,
    )


def chosen_layout(settings: Settings, knowledge: Knowledge) -> Layout | None:
    """Give the layout that the settings name, of ours or from a file; `None` if none.

    Raises:
        ConfigError: There is none of that name.
    """
    if not settings.layout:
        return None
    if settings.layout in knowledge.layouts:
        return knowledge.layouts[settings.layout]
    path = Path(settings.layout)
    if not path.suffix and not path.exists():
        near = get_close_matches(settings.layout, knowledge.layouts, n=1)
        hint = (
            f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(knowledge.layouts)}"
        )
        raise ConfigError(f"no layout named {settings.layout!r}; {hint}")
    return load_layout(path)


def read_exports(
    exports: Sequence[ExportFile],
    settings: Settings,
    knowledge: Knowledge,
    *,
    clock: Clock,
    progress: Progress,
) -> list[Ingested]:
    """Read every file; what is wrong with one is among its issues, and the others go on."""
    layout, site = chosen_layout(settings, knowledge), site_reading(settings)
    today = clock().date()
    return [
        read_results(export.path, export.name, knowledge, site, layout, today=today)
        for export in progress(exports, len(exports), "Reading files")
    ]


def identify_exports(
    sources: Sequence[Path], settings: Settings, *, clock: Clock, progress: Progress
) -> list[Identified]:
    """Say how each file is understood."""
    knowledge = knowledge_of(settings)
    exports = find_exports(sources, settings.output).exports
    files = read_exports(exports, settings, knowledge, clock=clock, progress=progress)
    return [describe_reading(file) for file in files]


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
        site, path = site_reading(settings), exports[0].path
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
