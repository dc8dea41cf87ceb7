"""What could not be assessed, why, and which result would settle it."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from pipeline.knowledge.conditions import (
    Change,
    Compare,
    Condition,
    Earlier,
    Group,
    Interval,
    Joined,
    Not,
    RuleIs,
    Undecided,
)
from pipeline.knowledge.model import Knowledge
from pipeline.report.patient.evidence_text import show_evidence
from pipeline.report.report_model import FindingRow, OpenQuestion, RuleText
from pipeline.report.wording import distinct, show_date
from pipeline.texts import Texts
from schemas.vocabulary import Outcome, Reason

Measured = Mapping[str, Collection[str]]
"""Accession → ids of the analytes reported on it."""


def describe_undecided(
    current: Iterable[FindingRow],
    measured: Measured,
    held: Measured,
    knowledge: Knowledge,
    texts: Texts,
) -> tuple[OpenQuestion, ...]:
    """Say of each rule that could not be decided why, and what would settle it.

    Of several specimens the latest is told; the dates of the others stand beside it.
    """
    by_rule: dict[str, list[FindingRow]] = {}
    for row in current:
        if row.outcome == Outcome.INDETERMINATE:
            by_rule.setdefault(row.rule.id, []).append(row)
    return tuple(
        _open_question(rows[0], rows[1:], measured, held, knowledge, texts)
        for rows in by_rule.values()
    )


def describe_not_tested(
    findings: Iterable[FindingRow],
    rules: Mapping[str, RuleText],
    measured: Measured,
    knowledge: Knowledge,
    texts: Texts,
) -> tuple[OpenQuestion, ...]:
    """Name once each rule for which nothing was reported, rules of the same needs together."""
    tested = {row.rule.id for row in findings if row.outcome != Outcome.NOT_TESTED}
    tested |= {rule.id for rule in knowledge.critical_rules()}
    reported = {analyte for analytes in measured.values() for analyte in analytes}
    groups: dict[tuple[str, ...], list[str]] = {}
    for rule in rules.values():
        if rule.id not in tested and not knowledge.rules[rule.id].silent:
            # Where every number is there, or none is asked for, words are what is missing.
            needs = tuple(each for each in rule.needs if each not in reported)
            groups.setdefault(needs, []).append(rule.title)
    return tuple(
        OpenQuestion(
            title="; ".join(titles),
            evidence="",
            why=texts("why.not-tested"),
            settled_by=(
                start_sentence(_titles(needs, knowledge, texts))
                if needs
                else texts("settled.in-words")
            ),
        )
        for needs, titles in groups.items()
    )


def list_missing(
    condition: Condition, reported: Collection[str], knowledge: Knowledge
) -> tuple[str, ...]:
    """List the analytes without which a condition stays open, in rule order.

    Of lines that may stand in for each other, none is missing while one of them was reported.
    """
    match condition:
        case Compare(limit=name):
            analyte = knowledge.limits[name].analyte
            return () if analyte in reported else (analyte,)
        case Interval(analyte=analyte) | Change(analyte=analyte):
            return () if analyte in reported else (analyte,)
        case Joined(condition=inner) | Not(condition=inner) | Earlier(condition=inner):
            return list_missing(inner, reported, knowledge)
        case RuleIs(rule=name) | Undecided(rule=name):
            return list_missing(knowledge.rules[name].when, reported, knowledge)
        case Group(kind=kind, members=members):
            parts = [list_missing(each, reported, knowledge) for each in members]
            if kind in ("any_reported", "any") and not all(parts):
                return ()
            return distinct(each for part in parts for each in part)
        case _:
            return ()


def start_sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _open_question(
    row: FindingRow,
    others: Sequence[FindingRow],
    measured: Measured,
    held: Measured,
    knowledge: Knowledge,
    texts: Texts,
) -> OpenQuestion:
    reported, set_aside = measured.get(row.accession, ()), held.get(row.accession, ())
    # What was joined from another specimen is not missing.
    known = {*reported, *(each.place[3] for each in row.evidence if each.value)}
    unknown = list_missing(knowledge.rules[row.rule.id].when, known, knowledge)
    bounds = [
        texts.in_sentence(each.title)
        for each in row.evidence
        if each.comparator and each.state in ("open", "")
    ]
    words = {
        "missing": _titles([each for each in unknown if each not in set_aside], knowledge, texts),
        "held": _titles([each for each in unknown if each in set_aside], knowledge, texts),
        "first_bound": texts.join(distinct(bounds)) or texts("settled.the-result"),
    }
    for name in ("missing", "held"):
        words[name] = words[name] or texts("settled.something")
    has_interval = any(each.interval and not each.limits for each in row.evidence)
    settled = distinct(
        start_sentence(texts(_decided_by(reason, has_interval), **words)) for reason in row.reasons
    )
    unknown_date = texts("evidence.unknown-date")
    told = show_evidence(row, texts) or texts(
        "evidence.specimen", date=show_date(row.collected_at, texts) or unknown_date
    )
    if others:
        dates = distinct(show_date(each.collected_at, texts) or unknown_date for each in others)
        told += "\n" + texts("evidence.also", dates=", ".join(dates))
    return OpenQuestion(
        title=row.rule.title,
        evidence=told,
        why=" ".join(texts(f"why.{reason}", **words) for reason in row.reasons),
        settled_by="\n".join(settled),
        rests_on=frozenset(
            place
            for each in (row, *others)
            for place in ((each.accession,), *(one.place for one in each.evidence))
        ),
    )


def _decided_by(reason: Reason, has_interval: bool) -> str:
    printed = reason == Reason.NO_LIMIT_FOR_AGE and has_interval
    return f"settled.{reason}{'.interval' if printed else ''}"


def _titles(analytes: Iterable[str], knowledge: Knowledge, texts: Texts) -> str:
    return texts.join(texts.in_sentence(knowledge.analytes[each].title) for each in analytes)
