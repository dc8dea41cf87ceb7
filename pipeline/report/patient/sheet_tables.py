"""Findings and results, one to a row, for the native tables of a patient's workbook."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.report.excel.sheet import Column, Entry
from pipeline.report.excel.style import (
    DATE,
    DATE_AND_TIME,
    GRADES,
    HELD,
    LINK,
    LINKED_TEXT,
    MOMENT,
    NUMBER,
    QUIET,
    SEVERAL,
    SIGN,
    STRONG,
    STRUCK,
    TEXT,
    TRACE,
    UNDECIDED,
    format_decimals,
)
from pipeline.report.patient.finding_evidence import round_limit
from pipeline.report.report_model import CitedResult, FindingRow, ResultRow, RuleText, SourceRef
from pipeline.report.wording import count_decimals
from pipeline.texts import Texts
from schemas.vocabulary import Outcome

# The most width of each column, in characters; in the order of the heads in the catalogue.
_FINDING_WIDTHS = (
    17, 18, 34, 17, 20, 15, 16, 40, 6, 10, 10, 11, 11, 10, 46, 30, 46, 46, 34, 20, 26, 16, 12,
)  # fmt: skip
FINDINGS_PRINTED = "A:N"
_RESULT_WIDTHS = (
    17, 20, 26, 8, 12, 12, 12, 12, 12, 12, 12, 12, 40, 44, 12, 12, 18, 26, 16, 8,
)  # fmt: skip
RESULTS_PRINTED, RESULTS_PRINTED_CONVERTED = "A:N", "A:P"
"""Columns of the clinical part; what follows traces it back and is for the screen."""
RESULT_VALUE = "E"


def finding_columns(texts: Texts) -> tuple[Column, ...]:
    return _columns(texts("findings.heads"), _FINDING_WIDTHS)


def result_columns(texts: Texts, units_display: str) -> tuple[Column, ...]:
    converted, unit = texts(f"units.{units_display}").split("|")
    return _columns(
        texts("results.heads", converted=converted, converted_unit=unit), _RESULT_WIDTHS
    )


def finding_entries(row: FindingRow, texts: Texts, links: Mapping[SourceRef, str]) -> list[Entry]:
    """Give the cells of a finding; `links` says where in the workbook each result stands."""
    evidence, rule = row.evidence, row.rule
    urls = [source.link for source in rule.citations if source.link]
    is_present = row.outcome == Outcome.PRESENT
    look = {
        Outcome.PRESENT: GRADES[row.grade],
        Outcome.INDETERMINATE: UNDECIDED,
    }.get(row.outcome, QUIET)
    link = next((links[each.place] for each in evidence if each.place in links), "")
    # LibreOffice runs the lines of a linked cell together, so that the specimen leads there.
    single_link, compound_link = ("", link) if len(evidence) > 1 else (link, "")
    rests_on = _one_or_joined([each.title for each in evidence])
    directions = [
        "; ".join(texts(f"direction.{way}") for way in each.directions) for each in evidence
    ]
    return [
        _moment(row, texts),
        Entry(row.accession, LINK if compound_link else TEXT, link=compound_link),
        Entry(rule.title, STRONG if is_present else TEXT),
        Entry(texts(f"outcome.{row.outcome}"), look),
        Entry(", ".join(_why(row, texts))),
        Entry(
            texts(f"mark.{row.grade}") if row.grade else "",
            GRADES[row.grade] if row.grade else TEXT,
        ),
        Entry(texts("mark.repeat") if row.unconfirmed else ""),
        Entry(rests_on, LINKED_TEXT if single_link else TEXT, link=single_link),
        Entry(_one_or_joined([each.comparator for each in evidence]), SIGN),
        _value(evidence, texts),
        _joined(each.unit for each in evidence),
        _joined(directions),
        _limit(evidence, texts),
        _joined(each.limit_unit for each in evidence),
        Entry(" ".join(row.comments)),
        Entry(", ".join(row.suggest)),
        Entry(_wording(rule, texts), TRACE),
        Entry("; ".join(map(str, rule.citations)), TRACE),
        Entry(
            "; ".join(urls),
            LINK if urls else TRACE,
            link=urls[0] if len(urls) == 1 else "",
        ),
        Entry(rule.id, TRACE),
        Entry(row.source_file, TRACE),
        Entry(row.source_sheet, TRACE),
        _row_number(row.source_row),
    ]


def result_entries(row: ResultRow, texts: Texts) -> list[Entry]:
    """Give the cells of a result."""
    if row.is_held:
        value = Entry(texts("mark.held"), HELD)
    elif isinstance(row.value, str):
        value = Entry(row.value)
    else:
        value = Entry(row.value, NUMBER, format_decimals(row.decimals))
    return [
        _moment(row, texts),
        Entry(row.accession),
        Entry(row.analyte, STRONG),
        Entry(row.comparator, SIGN),
        value,
        Entry(row.unit),
        Entry(row.corrected_from, STRUCK),
        Entry(row.status, STRONG if row.is_provisional else QUIET),
        _bound(row.low),
        _bound(row.high),
        Entry(row.flag_sent),
        Entry(row.flag, STRONG if row.flag in ("L", "H") else QUIET),
        Entry(row.findings, STRONG),
        Entry(row.remark),
        Entry(row.converted, NUMBER, format_decimals(row.converted_decimals)),
        Entry(row.converted_unit),
        Entry(row.as_written, TRACE),
        Entry(row.source_file, TRACE),
        Entry(row.source_sheet, TRACE),
        Entry(row.source_row or None, NUMBER, "0"),
    ]


def _columns(heads: str, widths: Sequence[int]) -> tuple[Column, ...]:
    return tuple(
        Column(title=head, most=width) for head, width in zip(heads.split("|"), widths, strict=True)
    )


def _why(row: FindingRow, texts: Texts) -> Iterator[str]:
    if row.outcome == Outcome.NOT_TESTED:
        yield texts("why.not-tested")
    yield from (texts(f"short.{reason}") for reason in row.reasons)


def _moment(row: FindingRow | ResultRow, texts: Texts) -> Entry:
    if row.collected_at is None:
        return Entry(texts("not-stated"), QUIET)
    return Entry(row.collected_at, MOMENT, DATE_AND_TIME if row.has_time else DATE)


def _joined(items: Iterable[str]) -> Entry:
    return Entry(_one_or_joined(list(items)))


def _one_or_joined(items: Sequence[str]) -> str:
    return "\n".join(items) if any(items) else ""


def _value(evidence: Sequence[CitedResult], texts: Texts) -> Entry:
    """A single number as a number; several as text, one to a line."""
    if len(evidence) == 1 and evidence[0].number is not None:
        decimals = len(evidence[0].value.partition(".")[2])
        return Entry(evidence[0].number, NUMBER, format_decimals(decimals))
    values = (each.value or texts("value.held") for each in evidence)
    return Entry(_one_or_joined([texts.number(value) for value in values]), SEVERAL)


def _limit(evidence: Sequence[CitedResult], texts: Texts) -> Entry:
    """The number really compared, shown rounded where it was converted."""
    rounded = [[round_limit(limit, each.value) for limit in each.limits] for each in evidence]
    if len(rounded) == 1 and len(rounded[0]) == 1:
        decimals = len(rounded[0][0].partition(".")[2])
        return Entry(evidence[0].limits[0], NUMBER, format_decimals(decimals))
    shown = (texts.number("; ".join(limits)) for limits in rounded)
    return Entry(_one_or_joined([*shown]), SEVERAL)


def _bound(number: float | None) -> Entry:
    return Entry(number, NUMBER, "" if number is None else format_decimals(count_decimals(number)))


def _row_number(text: str) -> Entry:
    return Entry(int(text), NUMBER, "0") if text.isdecimal() else Entry(text, TRACE)


def _wording(rule: RuleText, texts: Texts) -> str:
    """Give what was published, and what is a convention of the profile and says so."""
    own = rule.conventions and texts("limit.convention", wording=rule.conventions)
    return "; ".join(filter(None, [rule.wording, own]))
