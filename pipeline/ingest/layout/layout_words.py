"""Words of headers and of lines that are no results, ready to be looked up."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pipeline.ingest.cells.ids import index_missing_ids
from pipeline.ingest.cells.intervals import IntervalWords, index_intervals
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words, name_key
from pipeline.knowledge.words import any_word

AgeUnit = Literal["", "years", "months", "days"]
_AGE_UNITS: tuple[AgeUnit, ...] = ("years", "months", "days")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutWords:
    """What stands beside the names in headers, and in cells that decide what a row is."""

    flag: re.Pattern[str]
    """Header of the flags of an analyte; the group that is filled is its name."""
    mark: re.Pattern[str]
    unit: re.Pattern[str]
    day_first: re.Pattern[str]
    """Format of dates: dd/mm/yyyy."""
    year_first: re.Pattern[str]
    yes_or_no: re.Pattern[str]
    """Answers that a header states: Y/N."""
    age_units: Mapping[str, AgeUnit]
    """Key of a word → unit of ages."""
    unit_titles: frozenset[str]
    """First cells of rows of units, folded."""
    closing: re.Pattern[str]
    """A line below the results that holds none."""
    summary: re.Pattern[str]
    """The id of a row that sums up the others."""
    missing_ids: frozenset[str]
    intervals: IntervalWords


@cached_by_knowledge
def index_layout_words(knowledge: Knowledge) -> LayoutWords:
    """Prepare the words of headers and lines."""

    def words(*kinds: str) -> list[str]:
        return [word for kind in kinds for word in knowledge.phrases[kind].words]

    def beside(kind: str) -> re.Pattern[str]:
        word = any_word(words(kind))
        return re.compile(rf"(.+?)[\s_.-]+{word}|{word}[\s_.-]+(.+)", re.I | re.DOTALL)

    mark = any_word(words("header-mark"))
    day, month, year = (any_word(words(f"format-{part}")) for part in ("day", "month", "year"))
    return LayoutWords(
        flag=beside("header-flag"),
        # "/M" as analyzers of one maker write it.
        mark=re.compile(
            rf"(.+)/M|(.+?)[\s_.-]+{mark}|{mark}[\s_.-]*[\s_.(-](.+?)\)?", re.I | re.DOTALL
        ),
        unit=beside("unit-title"),
        day_first=re.compile(
            rf"{day}{{1,2}}[./-]?{month}{{1,2}}[./-]?{year}{{2,4}}\b.*", re.IGNORECASE
        ),
        year_first=re.compile(
            rf"(?:{year}{{4}}[./-]?{month}{{1,2}}[./-]?{day}{{1,2}}\b.*|iso\s*8601)", re.IGNORECASE
        ),
        yes_or_no=re.compile(
            rf"(?:{any_word(words('header-yes'))}|1|0)\s*[/|,-]\s*"
            rf"(?:{any_word(words('header-no'))}|0|1)",
            re.IGNORECASE,
        ),
        age_units={name_key(word): unit for unit in _AGE_UNITS for word in words(f"age-{unit}")},
        unit_titles=frozenset(map(fold_words, words("unit-title", "unit-title-row"))),
        closing=re.compile(
            rf"[*#=_~<>+.-]{{2,}}.*|{any_word(words('closing-line'))}\b.*", re.I | re.DOTALL
        ),
        summary=re.compile(any_word(words("summary-line")), re.IGNORECASE),
        missing_ids=index_missing_ids(knowledge),
        intervals=index_intervals(knowledge),
    )
