"""Why a rule says what it says of a patient: a tree from the finding down to the cells."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from pipeline.interpret import ask_questions
from pipeline.interpret.by_accession import NOWHERE, SpecimenIndex
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.truth_columns import EvidenceColumn, TruthColumn
from pipeline.knowledge.conditions import Compare, Condition, Group, Not, RuleIs
from pipeline.knowledge.describe import (
    cite,
    describe_affected,
    describe_condition,
    describe_stratum,
)
from pipeline.knowledge.model import Knowledge, Limit, Rule
from pipeline.texts.counts import count_text
from schemas import DataFrame, Findings, Held, Observations, Reportable
from schemas.joined_codes import split_codes
from schemas.vocabulary import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A sentence, and what it rests on."""

    says: str
    because: tuple["Node", ...] = ()

    def lines(self, depth: int = 0) -> Iterator[str]:
        """Give the tree as indented lines."""
        yield "  " * depth + self.says
        for node in self.because:
            yield from node.lines(depth + 1)

    def as_json(self) -> dict[str, Any]:
        """Give the tree as nested dictionaries."""
        return asdict(self)


def explain_patient(
    findings: DataFrame[Findings],
    results: DataFrame[Reportable],
    held: DataFrame[Held],
    observations: DataFrame[Observations],
    knowledge: Knowledge,
    *,
    rule: str = "",
    accession: str = "",
) -> tuple[Node, ...]:
    """Explain the findings of one patient, accession by accession, in order of collection.

    Every table holds rows of this patient alone. Rules that were not tested are left out, unless
    one is asked for by name. What makes a specimen doubtful stands before its findings.
    """
    specimen_index, questions = ask_questions(results, held, knowledge, observations)
    teller = _Teller(specimen_index, questions, knowledge, is_whole=not rule)
    nodes = []
    for place, row in enumerate(specimen_index.accessions.itertuples(index=False)):
        own = findings[findings["accession"].eq(str(row.accession))]
        wanted = own["rule"].eq(rule) if rule else own["outcome"].ne(Outcome.NOT_TESTED)
        if accession in ("", row.accession):
            told = tuple(
                teller.explain_finding(finding, place) for finding in own[wanted].to_dict("records")
            )
            doubts = () if rule else tuple(teller.explain_interference(place))
            nodes.append(Node(says=_accession(row), because=(*doubts, *told)))
    return tuple(nodes)


def _accession(row: Any) -> str:
    if pd.isna(row.collected_at):
        return f"accession {row.accession}, no date of collection"
    is_time = row.collected_precision == "time"
    when = row.collected_at.isoformat(" ", "minutes") if is_time else row.collected_at.date()
    return f"accession {row.accession}, collected {when}"


class _Teller:
    """Says what stands behind an answer on one accession.

    `is_whole`: every rule is explained, so that one which refers to another need not repeat it.
    """

    def __init__(
        self,
        specimen_index: SpecimenIndex,
        questions: Questions,
        knowledge: Knowledge,
        *,
        is_whole: bool,
    ) -> None:
        self._is_whole = is_whole
        self._grid = specimen_index
        self._questions = questions
        self._knowledge = knowledge

    def explain_interference(self, place: int) -> Iterator[Node]:
        """Tell every reason to doubt the specimen, and what it rests on."""
        for name, answer in self._questions.artifacts.items():
            if answer.yes[place]:
                yield self._explain_artifact(name, place)

    def _explain_artifact(self, name: str, place: int) -> Node:
        artifact = self._knowledge.artifacts[name]
        return Node(
            says=f"in doubt, {artifact.id}: {artifact.title}",
            because=(
                self._condition(artifact.when, place),
                Node(says=f"may be wrong: {describe_affected(artifact, self._knowledge)}"),
                Node(says=f"source: {cite(artifact.source, self._knowledge)}"),
            ),
        )

    def explain_finding(self, finding: dict[Any, Any], place: int) -> Node:
        said = [finding["outcome"], *filter(None, (finding["grade"], finding["status"]))]
        if finding["reason"]:
            said.append(f"because {finding['reason']}")
        rule = self._knowledge.rules[finding["rule"]]
        codes = split_codes(finding["comment"])
        comments = tuple(
            Node(says=f"comment {code}: {self._knowledge.comments[code].clinical}")
            for code in codes
        )
        mark = " (shadow rule)" if rule.shadow else ""
        names = split_codes(finding["artifact"])
        # Told once for the specimen where every rule is explained.
        doubts = tuple(
            Node(says=f"unconfirmed because of {name}")
            if self._is_whole
            else self._explain_artifact(name, place)
            for name in names
        )
        return Node(
            says=f"{rule.id}{mark}: {', '.join(said)}",
            because=(*self._rule(rule, place), *self._grades(rule, place), *doubts, *comments),
        )

    def _rule(self, rule: Rule, place: int) -> tuple[Node, ...]:
        whole = self._condition(rule.when, place)
        is_plain = isinstance(rule.when, Group) and rule.when.kind == "all"
        return whole.because if is_plain else (whole,)

    def _grades(self, rule: Rule, place: int) -> Iterator[Node]:
        """Tell the grades from the deepest to the one that holds or cannot be excluded."""
        if not self._questions.evaluate_rule(rule).yes[place]:
            return
        for step in rule.grades:
            node = self._condition(step.when, place)
            yield Node(says=f"grade {step.grade}, if {node.says}", because=node.because)
            if not self._questions.answer(step.when).no[place]:
                return

    def _condition(self, condition: Condition, place: int) -> Node:
        answer = self._questions.answer(condition)
        says = f"{describe_condition(condition, self._knowledge)}: {_truth(answer, place)}"
        match condition:
            case Group(members=members):
                because = tuple(self._condition(member, place) for member in members)
            case Not(condition=inner):
                because = (self._condition(inner, place),)
            case RuleIs(rule=name, grade=grade):
                rule = self._knowledge.rules[name]
                is_told = self._is_whole and rule.shown
                because = () if is_told else self._rule(rule, place)
                if grade is not None and not is_told:
                    because = (*because, *self._grades(rule, place))
            case Compare(limit=name):
                because = self._comparison(answer, self._knowledge.limits[name], place)
            case _:
                because = tuple(
                    node for item in answer.evidence for node in self._evidence(item, place)
                )
        return Node(says=says, because=because)

    def _comparison(self, answer: TruthColumn, limit: Limit, place: int) -> tuple[Node, ...]:
        (item,) = answer.evidence
        shown = tuple(self._evidence(item, place))
        row = int(item.results[place])
        if row == NOWHERE:
            return shown
        unit = self._grid.results["original_unit"].iloc[row]
        number = item.limit[place]
        compared = f"{number:.12g} {unit}" if number == number else "no one number"
        possible = self._questions.strata_of(limit, row)
        said = (describe_stratum(stratum, self._knowledge) for stratum in possible)
        strata = tuple(Node(says=f"stratum: {' '.join(each.split())}") for each in said)
        if len(strata) > 1:
            strata = (Node(says="age, sex or pregnancy leave several possible"), *strata)
        # A stratum may have a source of its own: that of the limit then says nothing of it.
        keys = dict.fromkeys(each.source or limit.source for each in possible) or [limit.source]
        sources = (Node(says=f"source: {cite(key, self._knowledge)}") for key in keys)
        profile = self._knowledge.profile.id
        return (
            *shown,
            Node(
                says=f"limit {limit.id} of profile {profile}: compared with {compared}",
                because=(*self._patient(row), *strata, *sources),
            ),
        )

    def _patient(self, row: int) -> tuple[Node, ...]:
        result = self._grid.results.iloc[row]
        low, high = result["age_months_low"], result["age_months_high"]
        if pd.isna(low):
            age = "age unknown"
            if result["population"]:
                age = f"age unknown, population {result['population']} as stated by the site"
        elif pd.isna(high) or low != high:
            age = f"age {low} to {'?' if pd.isna(high) else high} completed months"
        else:
            age = (
                f"age {count_text(low // 12, 'year')} ({count_text(low, 'completed month')}, "
                f"{count_text(result['age_days_low'], 'day')})"
            )
        return (Node(says=f"{age}, sex {result['sex'] or 'unknown'}"),)

    def _evidence(self, item: EvidenceColumn, place: int) -> Iterator[Node]:
        row, aside, said = (
            int(positions[place]) for positions in (item.results, item.held, item.said)
        )
        if row != NOWHERE:
            yield self._result(row)
        if aside != NOWHERE:
            held = self._grid.held.iloc[aside]
            yield Node(says=f"{item.subject}: held ({held['code']}), {_source_text(held)}")
        if said != NOWHERE:
            line = self._grid.observations.iloc[said]
            yield Node(says=f"{item.subject}: {line['answer']}, {_source_text(line)}")
        if row == aside == said == NOWHERE:
            yield Node(says=f"{item.subject}: not reported")

    def _result(self, row: int) -> Node:
        result = self._grid.results.iloc[row]
        analyte = self._knowledge.analytes[result["analyte"]]
        number = f"{result['comparator']}{result['original_value']:.12g} {result['original_unit']}"
        factor = analyte.units[result["original_unit"]]
        canonical = f"{result['comparator']}{result['value']:.12g} {result['unit']}"
        path = Node(says=f"unit: {number} x {factor:.12g} = {canonical}")
        origin = f"accession {result['accession']}"
        if result["derived"]:
            made = next(d for d in self._knowledge.derived if d.id == result["derived"])
            place = int(self._grid.result_of[row])
            rows = (int(self._grid.reported[name][place]) for name in made.operands)
            operands = (self._result(each) for each in rows if each != NOWHERE)
            says = f"{analyte.id} {number}: {made.id}, {origin}"
            return Node(says=says, because=(path, *operands))
        written = f"written {result['original_text']!r}, {_source_text(result)}, {origin}"
        return Node(says=f"{analyte.id} {number}: {written}", because=(path,))


def _truth(answer: TruthColumn, place: int) -> str:
    if answer.yes[place]:
        return "yes"
    return "no" if answer.no[place] else "unknown"


def _source_text(row: "pd.Series[Any]") -> str:
    sheet = f", sheet {row['source_sheet']}" if row["source_sheet"] else ""
    return f"{row['source_file']}{sheet}, row {row['source_row']}, {row['source_column']}"
