"""One statement for each patient, accession and observation, out of all that was said."""

from dataclasses import dataclass, replace

import pandas as pd

from pipeline.ingest.accounting import hold_observations
from pipeline.issues import all_issues, issues_at
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.reconcile.reportable_results import RANK, Selected, is_in
from schemas import DataFrame, Held, Issues, Observations
from schemas.vocabulary import Disposition, ResultStatus

KEY = ["patient_id", "accession", "code"]
_STATED = ["number", "day"]
_VALUE = ["answer", *_STATED]
_ORIGIN = ["source_file", "source_sheet", "source_row", "source_column"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedObservations:
    """What counts of all that was said, and what became of the results among it."""

    observations: DataFrame[Observations]
    held: DataFrame[Held]
    """Results in words that are held here, in addition to those held at intake."""
    issues: DataFrame[Issues]
    dispositions: "pd.Series[str]"
    """Result id → what became of it."""


def select_observations(
    observations: DataFrame[Observations], knowledge: Knowledge
) -> JoinedObservations:
    """Choose what counts of each patient, accession and observation.

    Results in words stand like other results: a cancelled one withdraws the final one, corrected
    goes before final, final before preliminary, the same answer twice counts once, and final
    ones that disagree are held. A result goes before a remark. Remarks or columns that disagree
    with each other are not used, nor is what implies them (a trimester where pregnancy is
    contradicted). Of what casts doubt on the specimen, a yes stands beside any no. The outcome
    does not depend on the order of rows or files.
    """
    rows: pd.DataFrame = observations.sort_values([*KEY, *_ORIGIN, *_VALUE], ignore_index=True)
    is_result = rows["result_id"].notna()
    doubts = [each.id for each in knowledge.observations.values() if each.counts_if_suspected]
    casts_doubt = rows["code"].isin(doubts)
    stands, fate = _stand(rows, is_result)
    rows = _complete(rows, stands)
    disagree = _differ(rows, stands & is_result)
    fate[disagree & is_result & stands] = str(Disposition.HELD)
    said = stands & ~is_result
    answered = _has(rows, stands & is_result & ~disagree)
    overruled = said & answered & ~casts_doubt & ~_same_as_result(rows, stands & is_result)
    open_ = stands & ~answered & ~casts_doubt & (_differ(rows, said) | disagree)
    open_ |= _has(rows, open_, _implied(rows, knowledge))
    held_back = disagree & stands & is_result & ~(casts_doubt & rows["answer"].eq("yes"))
    counts = stands & ~held_back & ~overruled & ~(open_ & ~is_result)
    has_yes = _has(rows, counts & rows["answer"].eq("yes"))
    counts &= ~(casts_doubt & has_yes & rows["answer"].eq("no"))
    # Results come first, so that of equal statements the result is kept.
    order = rows.assign(is_remark=~is_result).sort_values([*KEY, "is_remark"]).index
    again = rows.loc[order].loc[counts[order]].duplicated([*KEY, *_VALUE])
    copies = again.index[again]
    fate[(fate == str(Disposition.USED)) & rows.index.isin(copies)] = str(Disposition.DUPLICATE)
    kept = rows[counts & ~rows.index.isin(copies)].copy()
    kept["result_id"] = kept["result_id"].where(fate[kept.index].eq(str(Disposition.USED)))
    set_aside = rows[fate.eq(str(Disposition.HELD))]
    return JoinedObservations(
        observations=Observations.require_columns(
            kept.reset_index(drop=True).astype(Observations.column_types())
        ),
        held=hold_observations(set_aside, "observations-disagree"),
        issues=all_issues(
            issues_at(set_aside, "observations-disagree"),
            issues_at(rows[overruled | (open_ & ~is_result)], "context-contradiction"),
        ),
        dispositions=fate[is_result].set_axis(rows.loc[is_result, "result_id"].astype("int64")),
    )


def join_selected(selected: Selected, joined: JoinedObservations) -> Selected:
    """Put what became of results in words beside what became of the numbers."""
    return replace(
        selected,
        held=Held.require_columns(pd.concat([selected.held, joined.held], ignore_index=True)),
        issues=all_issues(selected.issues, joined.issues),
        dispositions=pd.concat([selected.dispositions, joined.dispositions]),
    )


def _stand(
    rows: pd.DataFrame, is_result: "pd.Series[bool]"
) -> tuple["pd.Series[bool]", "pd.Series[str]"]:
    """Say which rows stand with the laboratory, and what becomes of the results among them."""
    fate = pd.Series("", index=rows.index).mask(is_result, str(Disposition.USED))
    cancelled = is_result & rows["status"].eq(ResultStatus.CANCELLED)
    corrected = rows["status"].eq(ResultStatus.CORRECTED)
    withdrawn = is_result & ~corrected & _has(rows, cancelled)
    withdrawn |= is_result & corrected & _has(rows, cancelled, values=True)
    fate[withdrawn] = str(Disposition.SUPERSEDED)
    fate[cancelled] = str(Disposition.IGNORED)
    current = fate.eq(str(Disposition.USED))
    rank = rows["status"].map(RANK).where(current)
    best = rank.groupby([rows[key] for key in KEY]).transform("max")
    fate[current & (rank < best)] = str(Disposition.SUPERSEDED)
    return fate.isin(["", str(Disposition.USED)]), fate


def _complete(rows: pd.DataFrame, stands: "pd.Series[bool]") -> pd.DataFrame:
    """Let a bare yes say the number or date that is stated beside it for the same specimen."""
    yes = stands & rows["answer"].eq("yes")
    by_key = [rows[key] for key in KEY]
    stated = {name: rows[name].where(yes).groupby(by_key).transform("first") for name in _STATED}
    return rows.assign(
        **{name: rows[name].where(rows[name].notna() | ~yes, of) for name, of in stated.items()}
    )


def _differ(rows: pd.DataFrame, among: "pd.Series[bool]") -> "pd.Series[bool]":
    """Mark the rows among some that do not say the same of one specimen."""
    distinct = rows[among].drop_duplicates([*KEY, *_VALUE])
    several = distinct[distinct.duplicated(KEY)]
    return among & is_in(rows, several, KEY)


def _same_as_result(rows: pd.DataFrame, results: "pd.Series[bool]") -> "pd.Series[bool]":
    return _has(rows, results, values=True)


def _implied(rows: pd.DataFrame, knowledge: Knowledge) -> "pd.Series[str]":
    """Give what each row says too, "" where nothing."""
    return look_up(
        rows["code"], {each.id: each.implies for each in knowledge.observations.values()}
    )


def _has(
    rows: pd.DataFrame,
    among: "pd.Series[bool]",
    code: "pd.Series[str] | None" = None,
    *,
    values: bool = False,
) -> "pd.Series[bool]":
    """Mark the rows whose specimen and observation (or `code`) some rows are of."""
    asked = rows if code is None else rows.assign(code=code)
    return is_in(asked, rows[among], [*KEY, *_VALUE] if values else KEY)
