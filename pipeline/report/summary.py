"""Texts for people: what the first page of a patient's workbook says.

Worded as what results suggest, never as what a patient has; what was not measured is said to
be not measured.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.model import Knowledge
from pipeline.report.facts import (
    Evidence,
    FindingCard,
    FindingRow,
    HeldCount,
    OpenQuestion,
    RuleText,
    RunFacts,
)
from pipeline.report.urgency import Urgency
from pipeline.report.wording import (
    MARKS,
    NOT_STATED,
    REASONS,
    SEXES,
    SPAN,
    distinct,
    in_sentence,
    join_words,
    show_count,
    show_date,
)
from schemas.vocabulary import Outcome, Sex

Measured = Mapping[str, Collection[str]]
"""Accession → ids of the analytes reported on it."""

NOT_ASSESSABLE = 5
"""From this class of the worklist on there is no finding to name."""


def describe_present(
    standing: Iterable[FindingRow],
    reasons: Sequence[str],
    urgency: Urgency,
    measured: Measured,
) -> tuple[FindingCard, ...]:
    """Make a card of each finding that is present, the most urgent first.

    `reasons` are rule ids in order of urgency, as in Patients; `urgency` the class of the
    patient. The newest of a rule comes first.
    """
    places = {rule: place for place, rule in enumerate(reasons)}
    present = [row for row in standing if row.outcome == Outcome.PRESENT]
    present.sort(key=lambda row: places.get(row.rule.id, len(places)))
    present = urgency.order(present, lambda row: (row.rule, row.grade))
    return tuple(
        FindingCard(
            mark=MARKS[row.grade],
            grade=row.grade,
            unconfirmed=row.unconfirmed,
            title=row.rule.title,
            evidence=show_evidence(row),
            limit="\n".join(
                distinct([*filter(None, map(show_limit, row.evidence)), *_wording(row.rule)])
            ),
            comment=" ".join(row.comments),
            suggest=join_words(_suggest(row, measured)),
        )
        for row in present
    )


def describe_undecided(
    standing: Iterable[FindingRow], measured: Measured, held: Measured, knowledge: Knowledge
) -> tuple[OpenQuestion, ...]:
    """Say of each finding that could not be decided why, and which one result would settle it."""
    return tuple(
        _open_question(row, measured, held, knowledge)
        for row in standing
        if row.outcome == Outcome.INDETERMINATE
    )


def describe_not_tested(
    findings: Iterable[FindingRow],
    rules: Mapping[str, RuleText],
    measured: Measured,
    knowledge: Knowledge,
) -> tuple[OpenQuestion, ...]:
    """Name once each rule for which nothing was reported, rules of the same needs together."""
    tested = {row.rule.id for row in findings if row.outcome != Outcome.NOT_TESTED}
    reported = {analyte for analytes in measured.values() for analyte in analytes}
    groups: dict[tuple[str, ...], list[str]] = {}
    for rule in rules.values():
        if rule.id not in tested:
            needs = tuple(each for each in rule.needs if each not in reported) or rule.needs
            groups.setdefault(needs, []).append(rule.title)
    return tuple(
        OpenQuestion(
            title=", ".join(titles),
            evidence="",
            why="Not enough of what this needs was reported on one specimen.",
            settled_by=_start(f"{_titles(needs, knowledge)}."),
        )
        for needs, titles in groups.items()
    )


def describe_held(codes: Iterable[str]) -> tuple[HeldCount, ...]:
    """Count held results by reason, the most frequent first."""
    return tuple(
        HeldCount(count=count, sentence=CATALOGUE[code].sentence, fix=CATALOGUE[code].fix)
        for code, count in Counter(codes).most_common()
    )


def describe_verdict(
    standing: Sequence[FindingRow],
    present: Sequence[FindingCard],
    undecided: Sequence[OpenQuestion],
    held: int,
    urgency: Urgency,
) -> str:
    """Say in one sentence what the report comes to; `urgency` is the class in the worklist."""
    parts = []
    if present:
        first = present[0]
        grade = f", {first.grade}" if first.grade else ""
        repeat = "; unconfirmed, repeat first" if first.unconfirmed else ""
        others = f", and {show_count(len(present) - 1, 'more finding')}" if present[1:] else ""
        said = f"{urgency.title} (priority {urgency.rank})"
        parts.append(f"{said}: {first.title}{grade}{repeat}{others}")
    elif urgency.rank < NOT_ASSESSABLE:
        # A number far below every limit puts the patient here, though no limit covers the age.
        parts.append(
            f"{urgency.title} (priority {urgency.rank}): a result is so low that it comes first, "
            "although no rule could be decided; see the Results"
        )
    elif any(row.outcome == Outcome.ABSENT for row in standing):
        parts.append("No finding in what could be assessed")
    else:
        parts.append("Nothing could be assessed")
    if undecided:
        parts.append(f"{show_count(len(undecided), 'question')} could not be decided")
    if held:
        parts.append(f"{show_count(held, 'result is', 'results are')} held and not used")
    return f"{'; '.join(parts)}."


def describe_basis(
    run: RunFacts, knowledge: Knowledge, sex: str, *, adults_assumed: bool, finding_count: int
) -> tuple[str, ...]:
    """Say what the report rests on and what it does not do."""
    profile = knowledge.profile
    described = f" ({profile.description})" if profile.description else ""
    made = show_date(run.run_at, has_time=True)
    sentences = [
        "For decision support only. Read it beside the laboratory's own report; "
        "a qualified person decides what it means for the patient.",
        f"Limits of the profile “{profile.title}”{described}. "
        f"Knowledge version {run.knowledge_version}, labflag {run.version}, made {made}.",
        "The laboratory's own interval decides its H and L flags; "
        "the limits of the profile decide the findings. Both are shown.",
        "What was not measured, or is held, says nothing about the patient.",
    ]
    if sex != Sex.MALE:
        sentences.append(
            "labflag does not read whether a patient is pregnant; "
            "limits for people who are not were used."
        )
    if adults_assumed:
        sentences.append(
            "Age is not stated; the site says that its patients are adults, "
            "and limits of adults apply."
        )
    if finding_count:
        sentences.append(
            "Present findings are those of the latest day on which each question could be decided; "
            "every answer for every specimen stands in the sheet Findings."
        )
    return tuple(sentences)


def describe_sex(sex: str) -> str:
    """Give the word for a sex, also where none is known."""
    return SEXES.get(sex, NOT_STATED)


def show_evidence(row: FindingRow) -> str:
    """List what a finding rests on, one result to a line."""
    return "\n".join(map(_show_one, row.evidence))


def show_limit(evidence: Evidence) -> str:
    """Write the limit really compared: "Hemoglobin: below 120 g/L"."""
    if not evidence.limit:
        return ""
    if evidence.direction == SPAN:
        said = f"from {evidence.limit.replace('; ', ' to ')}"
    else:
        said = f"{evidence.direction or 'limit'} {evidence.limit}"
    return f"{evidence.title}: {said} {evidence.limit_unit}"


def _show_one(evidence: Evidence) -> str:
    if not evidence.value:
        return f"{evidence.title}: held"
    number = f"{evidence.title} {evidence.comparator}{evidence.value} {evidence.unit}"
    date = f" on {evidence.collected}" if evidence.collected else ", no date"
    return f"{number}{date}{f' ({evidence.interval})' if evidence.interval else ''}"


def _wording(rule: RuleText) -> list[str]:
    """Give the published wording, where it is short enough to stand beside the number."""
    return [f"Published: {rule.wording}"] if len(rule.needs) == 1 and rule.wording else []


def _suggest(row: FindingRow, measured: Measured) -> list[str]:
    done = measured.get(row.accession, ())
    return [name for analyte, name in row.rule.suggest if not analyte or analyte not in done]


def _open_question(
    row: FindingRow, measured: Measured, held: Measured, knowledge: Knowledge
) -> OpenQuestion:
    reported, set_aside = measured.get(row.accession, ()), held.get(row.accession, ())
    unknown = [each for each in row.rule.needs if each not in reported]
    bounds = [in_sentence(each.title) for each in row.evidence if each.comparator] or ["the result"]
    words = {
        "missing": _titles([each for each in unknown if each not in set_aside], knowledge),
        "held": _titles([each for each in unknown if each in set_aside], knowledge),
        "first_bound": bounds[0],
    }
    for name in ("missing", "held"):
        words[name] = words[name] or "a result that this needs"
        words[f"first_{name}"] = words[name].split(", ")[0].split(" and ")[0]
    texts = [REASONS[reason] for reason in row.reasons]
    settled = texts[0].settled_by.format(**words) if texts else ""
    return OpenQuestion(
        title=row.rule.title,
        evidence=show_evidence(row)
        or f"Specimen of {show_date(row.collected_at) or 'unknown date'}",
        why=" ".join(text.why.format(**words) for text in texts),
        settled_by=_start(settled),
    )


def _start(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _titles(analytes: Iterable[str], knowledge: Knowledge) -> str:
    return join_words(in_sentence(knowledge.analytes[each].title) for each in analytes)
