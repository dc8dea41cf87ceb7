"""One reportable result for each patient, accession and analyte, out of all that was received."""

from dataclasses import dataclass, replace

import pandas as pd

from pipeline.issues import all_issues, issues_at
from pipeline.knowledge.model import Knowledge
from pipeline.reconcile.corrected_counts import prefer_corrected
from schemas import DataFrame, Held, Issues, Reportable, Results, Superseded
from schemas.vocabulary import Disposition, ResultStatus

KEY = ["patient_id", "accession", "analyte"]
_ORIGIN = ["source_file", "source_sheet", "source_row", "source_column"]
_CODES = ("correction-held", "count-uncorrected")
_STATUSES = (ResultStatus.PRELIMINARY, ResultStatus.FINAL, ResultStatus.CORRECTED)
RANK = {status: rank for rank, status in enumerate(_STATUSES)}
"""Which result goes before which other one; the highest counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What counts, and what became of everything else."""

    results: DataFrame[Reportable]
    held: DataFrame[Held]
    """The results held here, in addition to those held at intake."""
    issues: DataFrame[Issues]
    dispositions: "pd.Series[str]"
    """Result id → what became of it."""
    superseded: DataFrame[Superseded]
    """Other values that the results replaced."""


def select_reportable(
    results: DataFrame[Results], held: DataFrame[Held], knowledge: Knowledge
) -> Selected:
    """Choose the result that counts for each patient, accession and analyte.

    A count that is corrected goes before one that is not (`prefer_corrected`).
    A cancelled result withdraws final and preliminary ones (and a corrected one of the same
    value), also when it is held because it came without a number. Corrected goes before final,
    final before preliminary. The same value twice counts once; two values of the same standing
    hold each other, and so do a part and a smaller whole. A differential whose main lines are
    all zero was not measured. The outcome does not depend on the order of rows or files.
    """
    corrected = prefer_corrected(results, held, knowledge)
    ordered = corrected.results.assign(is_replaced=corrected.replaced, why_held=corrected.held)
    ordered = ordered.sort_values([*KEY, *_ORIGIN], ignore_index=True)
    is_replaced, why_held = ordered.pop("is_replaced"), ordered.pop("why_held")
    fate = pd.Series(str(Disposition.USED), index=ordered.index)
    fate[is_replaced] = str(Disposition.SUPERSEDED)
    fate[why_held.ne("")] = str(Disposition.HELD)
    fate[_withdrawn(ordered, held)] = str(Disposition.SUPERSEDED)
    cancelled = ordered["status"].eq(ResultStatus.CANCELLED)
    fate[cancelled] = str(Disposition.IGNORED)
    rank = ordered["status"].map(RANK)
    current = fate.eq(Disposition.USED)
    best = rank.where(current).groupby([ordered[key] for key in KEY]).transform("max")
    fate[current & (rank < best)] = str(Disposition.SUPERSEDED)

    current = fate.eq(Disposition.USED)
    candidates = ordered[current]
    same_value = candidates.duplicated([*KEY, "comparator", "value"])
    fate[candidates.index[same_value]] = str(Disposition.DUPLICATE)
    distinct = candidates[~same_value]
    disagree = distinct[distinct.duplicated(KEY)]
    with_copies = _rows_with_key_of(candidates, disagree)
    fate[with_copies.index] = str(Disposition.HELD)

    unmeasured, alone = _zero_differentials(ordered[fate.eq(Disposition.USED)], knowledge)
    fate[unmeasured.index] = str(Disposition.IGNORED)
    fate[alone.index] = str(Disposition.HELD)

    contradicting = _contradicting(ordered[fate.eq(Disposition.USED)], knowledge)
    fate[contradicting.index] = str(Disposition.HELD)

    reasons = pd.Series("results-disagree", index=ordered.index)
    reasons = reasons.mask(why_held.ne(""), why_held)
    reasons[alone.index] = "zero-alone"
    reasons[contradicting.index] = "counts-contradict"
    set_aside = ordered[fate.eq(Disposition.HELD)]
    used = ordered[fate.eq(Disposition.USED)]
    return Selected(
        results=Reportable.validate(used.assign(derived="").reset_index(drop=True)),
        held=Held.validate(
            set_aside.assign(code=reasons[set_aside.index])[list(Held.column_types())].reset_index(
                drop=True
            )
        ),
        issues=all_issues(
            issues_at(ordered[cancelled], "result-cancelled"),
            issues_at(with_copies, "results-disagree"),
            issues_at(unmeasured, "differential-not-measured"),
            *(issues_at(set_aside[reasons[set_aside.index].eq(code)], code) for code in _CODES),
            issues_at(alone, "zero-alone"),
            issues_at(contradicting, "counts-contradict"),
        ),
        dispositions=fate.set_axis(ordered["result_id"]),
        superseded=_list_superseded(used, ordered[fate.eq(Disposition.SUPERSEDED)]),
    )


def show_replaced(selected: Selected, replaced: DataFrame[Results] | None) -> Selected:
    """Add what results of files said in whose place others were put, where that was otherwise."""
    if replaced is None:
        return selected
    former = _list_superseded(selected.results, replaced)
    together = pd.concat([former, selected.superseded], ignore_index=True)
    return replace(selected, superseded=Superseded.require_columns(together))


def _list_superseded(used: pd.DataFrame, replaced: pd.DataFrame) -> DataFrame[Superseded]:
    """Find what each result that counts said before, where that was another value."""
    said = ["comparator", "value"]
    pairs = replaced.merge(used[[*KEY, *said, "result_id"]], on=KEY, suffixes=("", "_now"))
    other = (pairs["comparator"] != pairs["comparator_now"]) | (
        pairs["value"] != pairs["value_now"]
    )
    kinds = Superseded.column_types()
    told = pairs[other]
    told = told.assign(rank=told["status"].map(RANK), result_id=told["result_id_now"])
    told = told.drop_duplicates(["result_id", "status", *said])
    order = ["patient_id", "result_id", "rank", *_ORIGIN]
    ordered = told.sort_values(order, ignore_index=True)[list(kinds)].astype(kinds)
    return Superseded.require_columns(ordered)


def _withdrawn(ordered: pd.DataFrame, held: DataFrame[Held]) -> "pd.Series[bool]":
    """Mark the results that a cancelled one of the same key takes back."""
    cancelled = ordered[ordered["status"].eq(ResultStatus.CANCELLED)]
    # A name that is only near to ours takes nothing back.
    withdrawn = held["status"].eq(ResultStatus.CANCELLED) & held["code"].ne("analyte-unclear")
    without_number = held[withdrawn]
    same_key = is_in(ordered, cancelled, KEY) | is_in(ordered, without_number, KEY)
    same_value = is_in(ordered, cancelled, [*KEY, "comparator", "value"])
    corrected = ordered["status"].eq(ResultStatus.CORRECTED)
    return same_key & (~corrected | same_value)


def _zero_differentials(
    used: pd.DataFrame, knowledge: Knowledge
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find differentials that were not measured, and zeros that cannot be told from such.

    Analyzers and databases write zero for a differential that was not done. Main lines that are
    all zero cannot be real; fewer zeros can be either where a rule reads them.
    """
    analytes = knowledge.analytes.values()
    line_of = {item.id: item.line for item in analytes if item.line}
    main_lines = {item.line for item in analytes if item.is_main_line}
    read_by_rules = {limit.analyte for limit in knowledge.limits.values()} | {
        operand for derived in knowledge.derived for operand in derived.operands
    }
    differential = used[used["analyte"].isin(list(line_of))]
    line = differential["analyte"].map(line_of)
    specimen = [differential["patient_id"], differential["accession"]]
    all_zero = differential.groupby(specimen)["value"].transform("max").eq(0).astype(bool)
    lines = line.where(line.isin(main_lines)).groupby(specimen).transform("nunique")
    whole = lines.eq(len(main_lines))
    doubtful = all_zero & ~whole & differential["analyte"].isin(read_by_rules)
    return differential[all_zero & whole], differential[doubtful]


def _contradicting(used: pd.DataFrame, knowledge: Knowledge) -> pd.DataFrame:
    """Find counts of a part that are higher than the count of the whole: one of them is wrong."""
    found = []
    for derived in knowledge.derived:
        if derived.shape != "at_most":
            continue
        (whole_id,) = derived.operands
        part = used[used["analyte"].eq(derived.analyte) & used["comparator"].isin(["", ">", ">="])]
        whole = used[used["analyte"].eq(whole_id) & used["comparator"].isin(["", "<", "<="])]
        specimen = ["patient_id", "accession"]
        columns = [*specimen, "result_id", "value"]
        pairs = part[columns].merge(whole[columns], on=specimen, suffixes=("", "_whole"))
        apart = pairs[pairs["value"] > pairs["value_whole"] * (1 + derived.tolerance)]
        ids = [*apart["result_id"], *apart["result_id_whole"]]
        found.append(used[used["result_id"].isin(ids)])
    return pd.concat([used.iloc[:0], *found])


def _rows_with_key_of(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    return rows[is_in(rows, others, KEY)]


def is_in(rows: pd.DataFrame, others: pd.DataFrame, columns: list[str]) -> "pd.Series[bool]":
    """Mark the rows that are as some others in all of these columns."""
    known = pd.MultiIndex.from_frame(others[columns])
    return pd.Series(pd.MultiIndex.from_frame(rows[columns]).isin(known), index=rows.index)
