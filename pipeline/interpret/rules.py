"""Rules × results → findings, one for each accession and rule."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.interpret.amounts import Mask
from pipeline.interpret.answer import Answer, Evidence
from pipeline.interpret.answers import Questions
from pipeline.interpret.grid import NOWHERE, Grid
from pipeline.knowledge.model import Knowledge, Rule
from schemas import DataFrame, Findings
from schemas.vocabulary import Confirmation, Outcome, Reason

Texts = npt.NDArray[np.object_]
_JOIN = "; "
_PLACE = ("source_file", "source_sheet", "source_row")
_FROM = ("from_accession", "from_date")
_EVIDENCE = ("analyte", "comparator", "value", "unit", "limit", "limit_unit", *_FROM, *_PLACE)


def evaluate_rules(
    rules: Iterable[Rule], questions: Questions, grid: Grid, knowledge: Knowledge
) -> DataFrame[Findings]:
    """Answer these rules for every accession.

    Outcomes absent and not-tested are included. Ordered by patient, collection, accession, and
    the order of the rules.
    """
    facts = _Facts(grid)
    tables = [
        _findings_of(
            rule, questions.answer_rule(rule), _remarks_on(rule, questions), facts, knowledge
        )
        for rule in rules
    ]
    if not tables:
        return Findings.validate(Findings.no_rows())
    order = np.arange(len(grid.accessions))
    together = pd.concat(tables, ignore_index=True).assign(order=np.tile(order, len(tables)))
    in_order = together.sort_values("order", kind="stable", ignore_index=True)
    return Findings.validate(in_order[list(Findings.column_types())])


class _Facts:
    """Texts of the tables behind the evidence, made once."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        results, held, said = grid.results, grid.held, grid.observations
        self.results: Mapping[str, Texts] = {
            "comparator": results["comparator"].to_numpy(object),
            "value": format_numbers(results["original_value"]),
            "unit": results["original_unit"].to_numpy(object),
            **_origin_of(results),
        }
        self.held: Mapping[str, Texts] = _origin_of(held)
        self.said: Mapping[str, Texts] = {"value": _sayings_of(said), **_origin_of(said)}


def _origin_of(table: pd.DataFrame) -> dict[str, Texts]:
    return {
        "from_accession": table["accession"].to_numpy(object),
        "from_date": _write_dates(table["collected_at"]),
        **{name: table[name].astype(str).to_numpy(object) for name in _PLACE},
    }


def _sayings_of(said: pd.DataFrame) -> Texts:
    """Write what was said: a number or a date if it is one, else yes or no."""
    number, day = format_numbers(said["number"]), _write_dates(said["day"])
    answer = said["answer"].to_numpy(object)
    return np.where(number != "", number, np.where(day != "", day, answer))


def _write_dates(times: "pd.Series[pd.Timestamp]") -> Texts:
    codes, distinct = pd.factorize(times.dt.normalize())
    written = [f"{at:%Y-%m-%d}" for at in pd.DatetimeIndex(distinct)]
    return np.array([*written, ""], dtype=object)[codes]


def _remarks_on(rule: Rule, questions: Questions) -> dict[str, Mask]:
    """Say where each remark of a rule holds; several remarks may make the same comment."""
    said: dict[str, Mask] = {}
    for remark in rule.remarks:
        where = questions.answer(remark.when).yes
        said[remark.comment] = said[remark.comment] | where if remark.comment in said else where
    return said


def _findings_of(
    rule: Rule,
    answer: Answer,
    remarks_on: Mapping[str, Mask],
    facts: _Facts,
    knowledge: Knowledge,
) -> pd.DataFrame:
    accessions = facts.grid.accessions
    open_ = ~answer.yes & ~answer.no
    outcome = np.select(
        [answer.yes, answer.no, open_ & (answer.undecided | answer.met)],
        [str(Outcome.PRESENT), str(Outcome.ABSENT), str(Outcome.INDETERMINATE)],
        str(Outcome.NOT_TESTED),
    )
    indeterminate = outcome == Outcome.INDETERMINATE
    reasons = {reason: answer.reasons.get(reason, ~indeterminate & False) for reason in Reason}
    remarks = answer.remarks.items()
    comments: dict[str, Mask] = {
        **dict.fromkeys(rule.comment, answer.yes),
        **{code: where & answer.yes for code, where in remarks_on.items()},
        **{code: where & ~open_ for code, where in answer.comments.items()},
        **{code: where & (answer.yes | answer.no | indeterminate) for code, where in remarks},
    }
    grade = answer.grade if answer.grade is not None else np.full(len(open_), "", dtype=object)
    return pd.DataFrame(
        {
            "patient_id": accessions["patient_id"],
            "accession": accessions["accession"],
            "collected_at": accessions["collected_at"],
            "collected_precision": accessions["collected_precision"],
            "rule": rule.id,
            "outcome": outcome,
            "reason": _join_where(
                {str(reason): where & indeterminate for reason, where in reasons.items()},
                len(open_),
            ),
            "grade": np.where(answer.yes, grade, ""),
            "status": np.where(answer.yes, str(Confirmation.CONFIRMED), ""),
            **_evidence_texts(answer.evidence, facts, len(open_)),
            "comment": _join_where(comments, len(open_)),
            "profile": knowledge.profile.id,
            "knowledge_version": knowledge.version,
        }
    ).astype(dict.fromkeys(("outcome", "reason", "grade", "status", "comment"), "str"))


def _evidence_texts(
    evidence: tuple[Evidence, ...], facts: _Facts, count: int
) -> dict[str, "pd.Series[str]"]:
    """Join what stands behind an answer, result by result, limits of one result together.

    A result that was joined stands once, also where the one joined is that of the accession.
    """
    texts: dict[str, Texts] = {name: np.full(count, "", dtype=object) for name in _EVIDENCE}
    started = np.zeros(count, bool)
    for subject in dict.fromkeys(item.subject for item in evidence):
        shown: list[Evidence] = []
        for parts in _by_place([item for item in evidence if item.subject == subject]):
            one = _texts_of(parts, facts, count)
            there = parts[0].there
            for other in shown:
                there = there & ~parts[0].same_as(other)
            shown.append(parts[0])
            for name in _EVIDENCE:
                joined = np.where(started, texts[name] + _JOIN + one[name], one[name])
                texts[name] = np.where(there, joined, texts[name])
            started |= there
    return {name: pd.Series(column, dtype="str") for name, column in texts.items()}


def _by_place(items: list[Evidence]) -> list[list[Evidence]]:
    """Put together what rests on the same results everywhere, such as two limits of one analyte."""
    groups: list[list[Evidence]] = []
    for item in items:
        for group in groups:
            if item.same_as(group[0]).all():
                group.append(item)
                break
        else:
            groups.append([item])
    return groups


def _texts_of(parts: list[Evidence], facts: _Facts, count: int) -> dict[str, Texts]:
    first = parts[0]
    texts = {name: np.full(count, "", dtype=object) for name in _EVIDENCE}
    texts["analyte"][first.there] = first.subject
    sources = ((facts.results, first.results), (facts.held, first.held), (facts.said, first.said))
    for columns, positions in sources:
        there = positions != NOWHERE
        for name, column in columns.items():
            texts[name][there] = column[positions[there]]
    limits: dict[str, Mask] = {}
    for part in parts:
        numbers = format_numbers(pd.Series(part.limit, dtype="Float64"))
        for number in pd.unique(numbers[numbers != ""]):
            limits[number] = limits.get(number, np.zeros(count, bool)) | (numbers == number)
    texts["limit"] = _join_where(limits, count).to_numpy(object)
    texts["limit_unit"] = np.where(texts["limit"] != "", texts["unit"], "")
    return texts


def format_numbers(numbers: "pd.Series[float]") -> Texts:
    """Write numbers as short as they read back, "" where missing."""
    codes, distinct = pd.factorize(numbers)
    written = np.array([f"{number:.12g}" for number in distinct] + [""], dtype=object)
    return written[codes]


def _join_where(where: Mapping[str, Mask], count: int) -> "pd.Series[str]":
    """Join those words whose mask holds, in the order given."""
    joined = np.full(count, "", dtype=object)
    for word, mask in where.items():
        joined = np.where(mask, np.where(joined == "", word, joined + _JOIN + word), joined)
    return pd.Series(joined, dtype="str")
