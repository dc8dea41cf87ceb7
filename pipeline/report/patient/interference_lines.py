"""Artifacts in words: what makes a specimen doubtful, and what must not be relied on."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import pandas as pd

from pipeline.knowledge.conditions import ANY
from pipeline.knowledge.model import Artifact, Knowledge
from pipeline.report.cited import ByFinding, Cited
from pipeline.report.patient.patient_rows import PatientRows
from pipeline.report.report_model import ArtifactCard, FindingRow
from pipeline.report.wording import (
    describe_comments,
    distinct,
    latest_of,
    show_date,
    show_unit,
)
from pipeline.texts import Texts
from schemas import Artifacts, DataFrame
from schemas.joined_codes import split_codes
from schemas.vocabulary import Outcome


class DoubtedSpecimen(NamedTuple):
    """A row of Artifacts as Python values."""

    accession: str
    collected_at: Any
    collected_precision: str
    artifact: str
    comment: str
    place: int


def list_interference(
    artifacts: DataFrame[Artifacts], patients: "pd.Series[str]", knowledge: Knowledge
) -> PatientRows:
    """List artifacts by patient."""
    places = {name: place for place, name in enumerate(knowledge.artifacts)}
    table = artifacts.assign(place=artifacts["artifact"].map(places).astype("int64"))
    return PatientRows(table, patients, DoubtedSpecimen)


def describe_interference(
    doubts: Iterable[DoubtedSpecimen],
    cited: ByFinding,
    current: Collection[FindingRow],
    knowledge: Knowledge,
    texts: Texts,
) -> tuple[ArtifactCard, ...]:
    """Say why a specimen is doubted and what to do.

    Of those on which an unconfirmed finding still rests, of the latest one, and what stays.
    `cited` is what the doubts rest on.
    """
    cards = []
    latest = latest_of(each.collected_at for each in current)
    for row in doubts:
        resting = [each for each in current if each.accession == row.accession]
        artifact = knowledge.artifacts[row.artifact]
        rests = row.collected_at == latest or any(each.unconfirmed for each in resting)
        if not rests and not artifact.stays:
            continue
        absent = distinct(
            texts.in_sentence(each.rule.title)
            for each in resting
            if each.outcome == Outcome.ABSENT and each.unconfirmed
        )
        behind = cited.get((row.accession, row.artifact), ())
        unsure = texts("artifact.absent", rules=texts.join(absent)) if absent else ""
        at = show_date(row.collected_at, texts, has_time=row.collected_precision == "time")
        cards.append(
            ArtifactCard(
                title=artifact.title,
                evidence="\n".join(_evidence(behind, knowledge, texts)),
                touches="\n".join(_affects(artifact, knowledge, texts)),
                specimen=" ".join(filter(None, [row.accession, at])),
                comment=" ".join(
                    [*describe_comments(split_codes(row.comment), knowledge), unsure]
                ).strip(),
                suggest=artifact.suggest[0] if artifact.suggest else "",
            )
        )
    return tuple(cards)


def _evidence(cited: Iterable[Cited], knowledge: Knowledge, texts: Texts) -> Iterator[str]:
    for row in cited:
        if row.subject in knowledge.observations:
            yield knowledge.observations[row.subject].title
        elif not row.written:
            yield texts("evidence.held", title=knowledge.analytes[row.analyte].short)
        else:
            short = knowledge.analytes[row.analyte].short
            on = texts("evidence.on", date=row.day.isoformat()) if row.day else ""
            value = f"{row.comparator}{texts.number(row.written)} {show_unit(row.unit)}"
            yield f"{short} {value}{on}"


def _affects(artifact: Artifact, knowledge: Knowledge, texts: Texts) -> Iterator[str]:
    for way in distinct(touch.wrongly for touch in artifact.touches):
        names = [touch.analyte for touch in artifact.touches if touch.wrongly == way]
        if ANY in names:
            said = texts("artifact.everything")
        else:
            said = texts.join(
                knowledge.observations[name].title
                if name in knowledge.observations
                else knowledge.analytes[name].short
                for name in names
            )
        if way == "high" and set(names) <= knowledge.observations.keys():
            yield texts("artifact.positive", tests=said)
            continue
        yield texts(f"artifact.{way}", analytes=said)
