"""Rules × results → findings, one for each accession and rule."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import SpecimenIndex
from pipeline.interpret.categorical import Categorical, choose_word, join_where, take_turns
from pipeline.interpret.evaluator import Questions
from pipeline.interpret.result_arrays import Mask
from pipeline.interpret.truth_columns import TruthColumn
from pipeline.knowledge.conditions import ANY
from pipeline.knowledge.model import Artifact, Knowledge, Rule
from schemas import DataFrame, Findings
from schemas.vocabulary import Confirmation, Grade, Outcome, Reason


def evaluate_rules(
    rules: Iterable[Rule],
    questions: Questions,
    specimen_index: SpecimenIndex,
    knowledge: Knowledge,
) -> DataFrame[Findings]:
    """Answer these rules for every accession.

    Outcomes absent and not-tested are included. Ordered by patient, collection, accession, and
    the order of the rules.
    """
    columns = [
        _findings_of(
            rule,
            questions.evaluate_rule(rule),
            _rule_comments(rule, questions),
            knowledge,
            questions.artifacts,
        )
        for rule in rules
    ]
    if not columns:
        return Findings.require_columns(Findings.no_rows())
    count = len(specimen_index.accessions) * len(columns)
    table: dict[str, object] = {
        str(name): column.array.repeat(len(columns))
        for name, column in specimen_index.accessions.items()
    }
    # One accession after the other, and for each the rules in their order.
    table |= {name: take_turns(one[name] for one in columns) for name in columns[0]}
    for name, text in (("profile", knowledge.profile.id), ("knowledge_version", knowledge.version)):
        table[name] = take_turns([Categorical.same(text, count)])
    together = pd.DataFrame(table, columns=list(Findings.column_types()), copy=False)
    return Findings.validate(together)


def _rule_comments(rule: Rule, questions: Questions) -> dict[str, Mask]:
    """Say where each remark of a rule holds; several remarks may make the same comment."""
    said: dict[str, Mask] = {}
    for remark in rule.remarks:
        where = questions.answer(remark.when).yes
        said[remark.comment] = said[remark.comment] | where if remark.comment in said else where
    return said


def _findings_of(
    rule: Rule,
    answer: TruthColumn,
    remarks_on: Mapping[str, Mask],
    knowledge: Knowledge,
    artifacts: Mapping[str, TruthColumn],
) -> dict[str, Categorical]:
    """Give the columns of one rule, a row for each accession."""
    count = len(answer.yes)
    open_ = ~answer.yes & ~answer.no
    indeterminate = open_ & (answer.undecided | answer.met)
    doubted = (answer.yes & ~answer.confirmed_yes) | (answer.no & ~answer.confirmed_no)
    told = ~open_ | indeterminate
    is_missing_everywhere = np.zeros(count, bool)
    reasons = {reason: answer.reasons.get(reason, is_missing_everywhere) for reason in Reason}
    comments: dict[str, Mask] = {
        **dict.fromkeys(rule.comment, answer.yes),
        **{code: where & answer.yes for code, where in remarks_on.items()},
        **{code: where & ~open_ for code, where in answer.comments.items()},
        **{code: where & told for code, where in answer.remarks.items()},
    }
    doubts = {
        name: doubted & found.yes
        for name, found in artifacts.items()
        if _bears_on(knowledge.artifacts[name], answer, knowledge)
    }
    return {
        "rule": Categorical.same(rule.id, count),
        "outcome": choose_word(
            {
                Outcome.PRESENT: answer.yes,
                Outcome.ABSENT: answer.no,
                Outcome.INDETERMINATE: indeterminate,
            },
            Outcome.NOT_TESTED,
        ),
        "reason": join_where({str(name): reasons[name] & indeterminate for name in reasons}, count),
        "grade": _grade_of(answer),
        "status": choose_word(
            {
                Confirmation.UNCONFIRMED: doubted,
                Confirmation.CONFIRMED: answer.yes & ~doubted,
            },
            "",
        ),
        "artifact": join_where(doubts, count),
        "comment": join_where(comments, count),
    }


def _grade_of(answer: TruthColumn) -> Categorical:
    if answer.grade is None:
        return Categorical.same("", len(answer.yes))
    masks = {str(grade): answer.yes & (answer.grade == str(grade)) for grade in Grade}
    return choose_word(masks, "")


def _bears_on(artifact: Artifact, answer: TruthColumn, knowledge: Knowledge) -> bool:
    """Say whether an artifact touches something that the answer rests on, or its operands."""
    subjects = {item.subject for item in answer.evidence}
    for derived in knowledge.derived:
        if derived.analyte in subjects:
            subjects |= set(derived.operands)
    return any(touch.analyte == ANY or touch.analyte in subjects for touch in artifact.touches)
