"""Stored results become findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import cast

from pipeline.interpret.by_accession import SpecimenIndex, index_results
from pipeline.interpret.course import Moves, list_moves
from pipeline.interpret.current import current_findings, rank_patients
from pipeline.interpret.derive import derive_held, derive_results
from pipeline.interpret.evaluate_rules import evaluate_rules
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.find_artifacts import (
    find_artifacts,
    list_artifact_evidence,
    list_artifacts,
)
from pipeline.interpret.list_evidence import list_evidence
from pipeline.interpret.worklist_order import SortKey
from pipeline.knowledge.model import Knowledge, Rule
from schemas import (
    Artifacts,
    DataFrame,
    Evidence,
    Findings,
    Held,
    Observations,
    Patients,
    Reportable,
    Results,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """What the rules say of every accession and patient."""

    results: DataFrame[Reportable]
    """Reportable results and those calculated from them, but no mere bounds."""
    findings: DataFrame[Findings]
    """Every accession and rule, absent and not-tested outcomes included."""
    evidence: DataFrame[Evidence]
    """What `findings` rest on."""
    shadow: DataFrame[Findings]
    """The same of the rules that are tried out: for counts and comparisons, not for readers."""
    shadow_evidence: DataFrame[Evidence]
    """What `shadow` rests on."""
    artifacts: DataFrame[Artifacts]
    """Reasons to doubt a specimen, asked before any rule."""
    artifact_evidence: DataFrame[Evidence]
    """What `artifacts` rest on; `rule` holds the id of the artifact."""
    current: DataFrame[Findings]
    patients: DataFrame[Patients]
    moves: Moves
    """How the values of standing findings moved against earlier results."""


def interpret_results(
    results: DataFrame[Reportable],
    held: DataFrame[Held],
    knowledge: Knowledge,
    seen: DataFrame[Results] | None = None,
    observations: DataFrame[Observations] | None = None,
    arrivals: Mapping[str, datetime | None] = MappingProxyType({}),
    versions: Mapping[str, SortKey] = MappingProxyType({}),
) -> Interpretation:
    """Apply the rules to reportable results, minding what is held.

    Args:
        results: What counts.
        held: All that is held.
        knowledge: The rules.
        seen: All that was read, by default what is reportable: whoever is in it has a line in
            the worklist.
        observations: What was said in words, as far as it counts.
        arrivals: Name of a file → when it was received.
        versions: Patient id in conflict → the most urgent place that a version of its data gives.
    """
    everyone = cast(DataFrame[Results], results) if seen is None else seen
    specimen_index, questions = ask_questions(results, held, knowledge, observations)
    complete = specimen_index.results

    def evaluate(rules: Iterable[Rule]) -> DataFrame[Findings]:
        return evaluate_rules(rules, questions, specimen_index, knowledge)

    def cite(rules: Iterable[Rule]) -> DataFrame[Evidence]:
        answers = ((rule.id, questions.evaluate_rule(rule).evidence) for rule in rules)
        return list_evidence(answers, specimen_index)

    findings = evaluate(knowledge.shown_rules())
    current = current_findings(findings, [rule.id for rule in knowledge.critical_rules()])
    bounds = [derived.id for derived in knowledge.derived if derived.shape == "at_most"]
    return Interpretation(
        # Some rows of a table that was validated.
        results=complete[~complete["derived"].isin(bounds)],
        findings=findings,
        evidence=cite(knowledge.shown_rules()),
        shadow=evaluate(knowledge.shadow_rules()),
        shadow_evidence=cite(knowledge.shadow_rules()),
        artifacts=list_artifacts(questions, specimen_index, knowledge),
        artifact_evidence=list_artifact_evidence(questions, specimen_index),
        current=current,
        patients=rank_patients(
            specimen_index, everyone, held, current, questions, knowledge, arrivals, versions
        ),
        moves=list_moves(current, specimen_index, questions, knowledge),
    )


def ask_questions(
    results: DataFrame[Reportable],
    held: DataFrame[Held],
    knowledge: Knowledge,
    observations: DataFrame[Observations] | None = None,
) -> tuple[SpecimenIndex, Questions]:
    """Lay out what was reported, calculated and held, ready to be asked; doubt what is doubtful."""
    complete = derive_results(results, held, knowledge)
    held_too = derive_held(held, complete, knowledge)
    specimen_index = index_results(complete, held_too, knowledge.derived, observations)
    return specimen_index, Questions(
        specimen_index, knowledge, find_artifacts(specimen_index, knowledge)
    )
