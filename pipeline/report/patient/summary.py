"""Texts for people: what the first page of a patient's workbook says.

Worded as what results suggest, never as what a patient has; what was not measured is said to
be not measured.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.evidence_text import show_evidence, show_limit
from pipeline.report.patient.priority import PriorityText
from pipeline.report.patient.since_last import Since
from pipeline.report.patient.undecided import start_sentence
from pipeline.report.report_model import FindingCard, FindingRow, HeldCount, OpenQuestion, RunInfo
from pipeline.report.wording import distinct, show_date
from pipeline.texts import Texts
from schemas.vocabulary import Change, Outcome, Sex, Way

AS_REPORTED = "as-reported"
SENTENCES_AT_MOST, WORDING_AT_MOST = 3, 60
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\W_a-z])")

NOT_ASSESSABLE = 5
"""From this class of the worklist on there is no finding to name."""


def describe_present(
    current: Iterable[FindingRow],
    reasons: Sequence[str],
    urgency: PriorityText,
    changes: Mapping[str, Since],
    texts: Texts,
) -> tuple[FindingCard, ...]:
    """Make a card of each finding that is present, the most urgent first.

    `reasons` are rule ids in order of urgency, as in Patients; `urgency` the class of the
    patient. The newest of a rule comes first. `changes` go by rule id.
    """
    places = {rule: place for place, rule in enumerate(reasons)}
    present = [row for row in current if row.outcome == Outcome.PRESENT]
    present.sort(key=lambda row: places.get(row.rule.id, len(places)))
    present = urgency.order(present, lambda row: (row.rule, row.grade))
    comments = _leave_out_repeated(row.comments for row in present)
    return tuple(
        FindingCard(
            mark=texts(f"mark.{row.grade or 'present'}"),
            grade=row.grade,
            unconfirmed=row.unconfirmed,
            title=row.rule.title,
            evidence=show_evidence(row, texts),
            limit=_limits(row, texts),
            change=describe_change(changes.get(row.rule.id), texts),
            comment=cut_sentences(" ".join(comment)),
            suggest=start_sentence(row.suggest[0]) if row.suggest else "",
        )
        for row, comment in zip(present, comments, strict=True)
    )


def _leave_out_repeated(comments: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Leave out what an earlier card has said already, unless nothing else would be left."""
    said: set[str] = set()
    for sentences in comments:
        yield tuple(each for each in sentences if each not in said) or sentences
        said |= set(sentences)


def describe_held(codes: Iterable[str], texts: Texts) -> tuple[HeldCount, ...]:
    """Count held results by reason, the most frequent first."""
    return tuple(
        HeldCount(
            count=count,
            sentence=texts.problem(code)[0],
            fix=texts.problem(code)[1],
        )
        for code, count in Counter(codes).most_common()
    )


def describe_verdict(
    current: Sequence[FindingRow],
    present: Sequence[FindingCard],
    undecided: Sequence[OpenQuestion],
    held: int,
    urgency: PriorityText,
    texts: Texts,
    scope: str = "",
) -> str:
    """Say in one sentence what the report comes to.

    `urgency` is the class in the worklist, `scope` the sentence on what was judged.
    """
    said = texts("verdict.class", title=urgency.title, rank=urgency.rank)
    if present:
        first = present[0]
        text = texts(
            "verdict.first",
            said=said,
            first=first.title,
            grade=f", {texts(f'grade.{first.grade}')}" if first.grade else "",
            repeat=texts("verdict.repeat") if first.unconfirmed else "",
            others=texts.count("verdict.others", len(present) - 1) if present[1:] else "",
        )
    elif urgency.rank < NOT_ASSESSABLE:
        # A number far below every limit puts the patient here, though no limit covers the age.
        text = texts("verdict.depth", said=said)
    elif any(_is_assessed(row) for row in current):
        text = scope or texts("verdict.nothing-found")
    else:
        text = texts("verdict.nothing-assessed")
    parts = [text]
    if undecided:
        parts.append(texts.count("verdict.undecided", len(undecided)))
    if held:
        parts.append(texts.count("verdict.held", held))
    return f"{'; '.join(parts)}."


def _is_assessed(row: FindingRow) -> bool:
    """A result spoke against it; not only that nothing was said of a context it needs."""
    return row.outcome == Outcome.ABSENT and any(each.state != "open" for each in row.evidence)


def describe_basis(
    run: RunInfo,
    knowledge: Knowledge,
    sex: str,
    texts: Texts,
    *,
    adults_assumed: bool,
    finding_count: int,
) -> tuple[str, ...]:
    """Say what the report rests on and what it does not do."""
    profile = knowledge.profile
    sentences = [
        texts("basis.support"),
        texts(
            "basis.profile",
            profile=profile.title,
            described=f" ({profile.description})" if profile.description else "",
            knowledge=run.knowledge_version,
            version=run.version,
            made=show_date(run.run_at, texts, has_time=True),
        ),
        texts("basis.interval"),
        texts("basis.missing"),
    ]
    if run.units_display != AS_REPORTED:
        sentences.append(texts("basis.unit"))
    if sex != Sex.MALE:
        sentences.append(texts("basis.pregnancy"))
    if adults_assumed:
        sentences.append(texts("basis.adults"))
    if finding_count:
        sentences.append(texts("basis.standing"))
    return tuple(sentences)


def describe_sex(sex: str, texts: Texts) -> str:
    """Give the word for a sex, also where none is known."""
    return texts(f"sex.{sex}") if sex else texts("not-stated")


def describe_resolved(
    current: Iterable[FindingRow], changes: Mapping[str, Since], texts: Texts
) -> tuple[str, ...]:
    """Say what was present before and is absent now."""
    return distinct(
        texts(
            "change.resolved",
            title=row.rule.title,
            date=show_date(since.on, texts),
            now=show_date(row.collected_at, texts) or texts("evidence.unknown-date"),
        )
        for row in current
        if (since := changes.get(row.rule.id))
        and since.change == Change.RESOLVED
        and row.outcome == Outcome.ABSENT
    )


def cut_sentences(text: str, most: int = SENTENCES_AT_MOST) -> str:
    """Keep the first sentences of a text; the rest stands in the sheet Findings."""
    return " ".join(_SENTENCE_END.split(text)[:most])


def describe_change(since: Since | None, texts: Texts) -> str:
    if since is None:
        return texts("change.none")
    key = "change.undecided-then" if since.was_open else f"change.{since.change}"
    if since.change == Change.NEW and since.was_present:
        return texts("change.new-again")
    if since.way == Way.TRANSFUSED:
        key = "change.transfused"
    elif since.way:
        key = f"{key}.{since.way}"
    said = texts(key, date=show_date(since.on, texts))
    if since.value:
        said += texts("change.was", value=texts.number(since.value), unit=since.unit)
    return said


def _limits(row: FindingRow, texts: Texts) -> str:
    said = list(distinct(filter(None, (show_limit(each, texts) for each in row.evidence))))
    # Longer ones stand in the sheet Findings.
    if len(row.rule.needs) == 1:
        for key, wording in (
            ("limit.published", row.rule.wording),
            ("limit.convention", row.rule.conventions),
        ):
            if 0 < len(wording) <= WORDING_AT_MOST:
                said.append(texts(key, wording=wording))
    return "\n".join(said)
