"""What settings ask for, and files read by it, before anything is made of their results."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline import __version__
from pipeline.config import Settings
from pipeline.errors import ConfigError
from pipeline.history.receive import ParseContext
from pipeline.ingest.dataset import Ingested
from pipeline.ingest.file import read_results
from pipeline.ingest.sources import ExportFile
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.load import load_knowledge, load_layout
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.translate import translate
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
    if settings.knowledge is not None:
        require_cases(settings.knowledge, settings.profile)
    # As for the layout below: a comment that is missing in the language is found in time.
    translate(knowledge, settings.language)
    # Here too, so that a wrong name is found before a folder is made for the reports.
    chosen_layout(settings, knowledge)
    return knowledge


def site_conventions(settings: Settings) -> SiteConventions:
    """Give what the settings say of how files are written."""
    return SiteConventions(
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
    layout, site = chosen_layout(settings, knowledge), site_conventions(settings)
    today = clock().date()
    return [
        read_results(export.path, export.name, knowledge, site, layout, today=today)
        for export in progress(exports, len(exports), "Reading files")
    ]


def parse_context(settings: Settings, knowledge: Knowledge) -> ParseContext:
    """Say on what the reading of a file rests, besides its bytes."""
    return ParseContext(
        knowledge=knowledge,
        site=site_conventions(settings),
        layout=chosen_layout(settings, knowledge),
    )


def basis_of_reports(settings: Settings, knowledge: Knowledge) -> str:
    """Give a digest of what reports rest on besides what is stored: rules, words, choices."""
    said = (
        __version__,
        knowledge.profile.id,
        knowledge.version,
        settings.rule_groups,
        settings.critical_values,
        settings.language,
        LANGUAGES[settings.language].digest,
        settings.units_display,
        settings.all_outcomes,
        settings.specimen_ids,
        settings.laboratory,
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
