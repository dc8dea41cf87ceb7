"""Results in words: their rows, and which follow-up tests they answer."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from pipeline.knowledge.check_observations import IN_WORDS
from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.finding_evidence import TOLD
from pipeline.report.patient.patient_rows import QualitativeResult
from pipeline.report.patient.undecided import Measured
from pipeline.report.report_model import ResultRow, SourceRef
from pipeline.report.wording import show_date
from pipeline.texts import Texts

_FOUND = {
    "yes": "said.antibody.yes",
    "no": "said.antibody.no",
    "unclear": "said.antibody.unclear",
}
_SEEN = {"yes": "said.word.yes", "no": "said.word.no", "unclear": "said.word.unclear"}


class Done:
    """What was tested: numbers on the specimen itself, words within days of it."""

    def __init__(self, measured: Measured, said: Iterable[QualitativeResult], days: int) -> None:
        """Sort results in words by test; `days` is how far from a specimen they count for it."""
        self._measured, self._days = measured, days
        self._said: dict[str, list[QualitativeResult]] = defaultdict(list)
        for row in said:
            self._said[row.code].append(row)

    def covers(self, tests: Collection[str], accession: str, at: datetime | None) -> bool:
        """Whether all of some tests were done, as seen from a specimen and its collection."""
        measured = self._measured.get(accession, ())
        return all(
            test in measured or any(self._is_close(row, accession, at) for row in self._said[test])
            for test in tests
        )

    def _is_close(self, row: QualitativeResult, accession: str, at: datetime | None) -> bool:
        if row.accession == accession:
            return True
        if at is None or row.collected_at is None:
            return False
        apart: int = (row.collected_at.date() - at.date()).days
        return abs(apart) <= self._days


def source_ref_of_qualitative(row: QualitativeResult) -> SourceRef:
    return row.source_file, row.source_sheet, str(row.source_row), row.code, ""


def describe_qualitative(
    row: QualitativeResult, marks: Iterable[str], knowledge: Knowledge, texts: Texts
) -> ResultRow:
    """Give the row of a result in words: what it says stands where the number would."""
    kind = knowledge.observations[row.code]
    value: float | str
    if row.number is not None:
        value = row.number
    elif row.day is not None:
        value = show_date(row.day, texts)
    else:
        value = texts((_FOUND if kind.group in IN_WORDS else _SEEN)[row.answer])
    return ResultRow(
        collected_at=row.collected_at,
        has_time=row.collected_precision == "time",
        accession=row.accession,
        analyte=kind.title,
        is_held=False,
        value=value,
        findings="; ".join(marks),
        source_file=row.source_file,
        source_sheet=row.source_sheet,
        source_row=row.source_row,
        status=texts(f"status.{row.status}"),
        is_provisional=row.status in TOLD,
        place=source_ref_of_qualitative(row),
    )
