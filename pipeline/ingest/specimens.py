"""Is it the blood of a person, measured without a fault? What is not never reaches a rule."""

import numpy as np
import pandas as pd

from pipeline.ingest.cells.materials import MaterialWords, index_materials, material_of
from pipeline.ingest.cells.units import distinct_rows
from pipeline.ingest.control_ids import find_controls
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.second_values import compare_second_values
from pipeline.issues import Staged, all_issues, issue_of_file, issues_at
from pipeline.knowledge.model import Knowledge
from pipeline.texts.counts import count_text
from schemas import DataFrame, Export, Issues

_SEVERAL = 2


def check_specimens(
    export: DataFrame[Export], table: pd.DataFrame, conventions: Conventions, knowledge: Knowledge
) -> Staged[pd.DataFrame]:
    """Leave out other materials and controls; hold what is not human, failed or contradictory.

    Args:
        export: The results as text, with `material`, `record` and the second value.
        table: The same rows in the same order: the columns of `Results`, then `ignored`.
        reading: How the file was read.
        knowledge: Words for materials, and where ends of human reference intervals lie.

    Returns:
        The table with `ignored` set for other materials and controls. Issues: `material-other`,
        `record-control` (one note each), `material-unclear`, `species-not-human`,
        `interval-not-human`, `values-disagree`, `second-unit-unclear`.
    """
    words = index_materials(knowledge)
    material, record = (_kinds_of(export[name], words) for name in ("material", "record"))
    ours = ~table["ignored"]
    is_control = ours & (material.eq("control") | record.eq("control"))
    nobody = find_controls(export, knowledge)
    is_control |= ours & nobody.eq("control").to_numpy()
    is_other = ours & ~is_control & (material.eq("other") | record.eq("other"))
    is_animal = ours & (material.eq("animal") | record.eq("animal"))
    issues = [
        _once_each(table[is_other], "material-other", conventions),
        _once_each(table[is_control], "record-control", conventions),
    ]
    judged = table.assign(ignored=table["ignored"] | is_other | is_control)
    left = judged[~judged["ignored"]]
    if is_animal.any():
        issues.append(issues_at(left, "species-not-human"))
    doubtful = nobody.eq("doubtful").to_numpy()
    issues.append(issues_at(left[doubtful[left.index]], "record-doubtful"))
    unclear = left[material[left.index].eq("?")]
    issues.append(issues_at(unclear, "material-unclear"))
    strange, whose = _not_human(left, knowledge)
    issues.append(issues_at(strange, "interval-not-human", detail=whose))
    issues.append(compare_second_values(export, left, conventions, knowledge))
    return Staged(judged, all_issues(*issues))


def hold_failed_runs(
    table: pd.DataFrame, issues: DataFrame[Issues], conventions: Conventions
) -> DataFrame[Issues]:
    """Hold the rest of a measurement of which a part failed.

    In a wide table a row is one measurement: where the analyzer marks one of its results as
    failed, small numbers beside it are no finding.
    """
    if conventions.shape != "wide":
        return all_issues()
    failed = issues.loc[issues["code"].eq("measurement-failed"), "result_id"]
    rows = table.loc[table["result_id"].isin(failed), "source_row"]
    beside = table["source_row"].isin(rows) & ~table["result_id"].isin(failed)
    return issues_at(table[beside & ~table["ignored"]], "run-failed")


def _kinds_of(texts: "pd.Series[str]", words: MaterialWords) -> "pd.Series[str]":
    """Say what each text means: a kind, "" where empty, "?" where not known."""
    codes, distinct = pd.factorize(texts)
    kinds = [material_of(text, words) for text in distinct]
    return pd.Series(np.array(kinds, dtype=object)[codes], index=texts.index, dtype="str")


def _once_each(rows: pd.DataFrame, code: str, conventions: Conventions) -> DataFrame[Issues]:
    if rows.empty:
        return all_issues()
    detail = count_text(len(rows), "result")
    return issue_of_file(conventions.source_file, code, sheet=conventions.sheet, detail=detail)


def _not_human(rows: pd.DataFrame, knowledge: Knowledge) -> tuple[pd.DataFrame, str]:
    """Find the results whose reference intervals cannot be of people, and name their analytes.

    If that is so of several analytes, all results of the table are concerned.
    """
    rows = rows[rows["analyte"].isin(["", *knowledge.analytes])]
    strange = find_intervals_not_human(rows, knowledge)
    concerned = rows.loc[strange, "analyte"].unique()
    whose = ", ".join(sorted(knowledge.analytes[name].title for name in concerned))
    return (rows if len(concerned) >= _SEVERAL else rows[strange]), whose


def find_intervals_not_human(rows: pd.DataFrame, knowledge: Knowledge) -> "pd.Series[bool]":
    """Say which rows have a reference interval that no laboratory has for people in this unit."""
    codes, kinds = distinct_rows(rows["analyte"], rows["original_unit"])
    analytes = knowledge.analytes
    known = [analytes[name].units.get(unit) if name in analytes else None for name, unit in kinds]
    factor = pd.Series(pd.array(known, dtype="Float64")[codes], index=rows.index)
    strange = pd.Series(False, index=rows.index)
    for end in ("low", "high"):
        bounds = {
            analyte.id: getattr(analyte, f"human_{end}") or (None, None)
            for analyte in knowledge.analytes.values()
        }
        stated = rows[f"reference_{end}"] * factor
        least, most = (
            rows["analyte"].map({name: ends[at] for name, ends in bounds.items()}) for at in (0, 1)
        )
        outside = (stated < least.astype("Float64")) | (stated > most.astype("Float64"))
        strange |= outside.fillna(False).astype(bool)
    return strange
