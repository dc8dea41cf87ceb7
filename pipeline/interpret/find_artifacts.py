"""Is the specimen believable: artifacts, asked of every accession before any rule."""

from dataclasses import replace

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import SpecimenIndex
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.list_evidence import list_evidence
from pipeline.interpret.truth_columns import TruthColumn, restrict
from pipeline.knowledge.conditions import Condition, alternatives
from pipeline.knowledge.model import Knowledge
from schemas import Artifacts, DataFrame, Evidence
from schemas.joined_codes import join_codes


def find_artifacts(specimen_index: SpecimenIndex, knowledge: Knowledge) -> dict[str, TruthColumn]:
    """Ask every artifact of every accession, by id, in the order of the knowledge."""
    questions = Questions(specimen_index, knowledge)
    return {each.id: _find(each.when, questions) for each in knowledge.artifacts.values()}


def _find(condition: Condition, questions: Questions) -> TruthColumn:
    """Answer a condition; of alternatives only those that hold are evidence."""
    answer = questions.answer(condition)
    members = [questions.answer(member) for member in alternatives(condition)]
    held = [restrict(member, member.yes) for member in members]
    return replace(answer, evidence=tuple(item for each in held for item in each.evidence))


def list_artifacts(
    questions: Questions, specimen_index: SpecimenIndex, knowledge: Knowledge
) -> DataFrame[Artifacts]:
    """List the artifacts that are present: one row an accession and artifact.

    Ordered by patient, collection, accession, and the order of the knowledge.
    """
    tables = [Artifacts.no_rows().assign(order=pd.Series([], dtype="int64"))]
    for name, answer in questions.artifacts.items():
        artifact = knowledge.artifacts[name]
        where = np.flatnonzero(answer.yes)
        rows = pd.DataFrame(
            {
                **{column: specimen_index.accessions[column].array[where] for column in _WHOSE},
                "artifact": name,
                "comment": join_codes(artifact.comment),
                "source": artifact.source,
                "profile": knowledge.profile.id,
                "knowledge_version": knowledge.version,
                "order": where,
            }
        )
        tables.append(rows)
    kinds = Artifacts.column_types()
    together = pd.concat(tables).sort_values("order", kind="stable", ignore_index=True)
    return Artifacts.require_columns(together[list(kinds)].astype(kinds))


def list_artifact_evidence(
    questions: Questions, specimen_index: SpecimenIndex
) -> DataFrame[Evidence]:
    """List what the artifacts that are present rest on; their ids are in the column `rule`."""
    return list_evidence(
        (
            (name, restrict(answer, answer.yes).evidence)
            for name, answer in questions.artifacts.items()
        ),
        specimen_index,
    )


_WHOSE = ("patient_id", "accession", "collected_at", "collected_precision")
