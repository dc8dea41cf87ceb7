"""What answers rest on, as rows: each result with the limits that it was compared with."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from pipeline.interpret.by_accession import NOWHERE, Positions, SpecimenIndex
from pipeline.interpret.result_arrays import Numbers
from pipeline.interpret.sides import SIDES, Sides
from pipeline.interpret.truth_columns import EvidenceColumn
from schemas import DataFrame, Evidence

_SOURCE = ("source_file", "source_sheet", "source_row")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Rows of one rule, in the order of `position` for each accession."""

    rule: int
    subject: str
    direction: str
    accession: Positions
    position: Positions
    comparison: Positions
    cited: Positions
    """Row of the table of everything that can be cited: see `_Cited`."""
    is_said: npt.NDArray[np.bool_]
    limit: Numbers
    side: Sides


def list_evidence(
    answered: Iterable[tuple[str, tuple[EvidenceColumn, ...]]], specimen_index: SpecimenIndex
) -> DataFrame[Evidence]:
    """List what answers rest on.

    Args:
        answered: Id of each rule or artifact, in order, and what its answer rests on.
        grid: Of which the answers are.

    Returns:
        One row per accession, rule, cited result and limit, in the order of accessions and rules.
        A result that was joined is cited once, also where it is that of the accession itself.
    """
    named = list(answered)
    parts = [
        rows
        for number, (_, evidence) in enumerate(named)
        for rows in _rows_of(number, evidence, specimen_index)
    ]
    if not parts:
        return Evidence.require_columns(Evidence.no_rows())
    rule = np.concatenate([np.full(len(rows.cited), rows.rule) for rows in parts])
    accession, position, comparison, cited = (
        np.concatenate([getattr(rows, name) for rows in parts])
        for name in ("accession", "position", "comparison", "cited")
    )
    order = np.lexsort((comparison, position, rule, accession))
    limit = _write_short(np.concatenate([rows.limit for rows in parts])[order])
    is_said = np.concatenate([rows.is_said for rows in parts])[order]
    side = np.concatenate([rows.side for rows in parts])[order]
    subject = _repeat([rows.subject for rows in parts], parts)[order]
    everything = _list_citable(specimen_index)
    behind = everything.take(cited[order])
    table = {
        "patient_id": specimen_index.accessions["patient_id"].array.take(accession[order]),
        "accession": specimen_index.accessions["accession"].array.take(accession[order]),
        "rule": _texts([name for name, _ in named]).take(rule[order]),
        "position": position[order],
        "comparison": comparison[order],
        "observation": _texts(np.where(is_said, subject, "")),
        "analyte": _texts(np.where(is_said, "", subject)),
        "limit": pd.array(limit, dtype="Float64"),
        "limit_unit": behind["unit"].mask(np.isnan(limit), "").array,
        "direction": _texts(_repeat([rows.direction for rows in parts], parts)[order]),
        "side": _texts(SIDES).take(np.where(np.isnan(limit), 0, side)),
        **{str(name): column.array for name, column in behind.items()},
    }
    together = pd.DataFrame(table, columns=list(Evidence.column_types()), copy=False)
    return Evidence.require_columns(together)


def _rows_of(
    number: int, evidence: tuple[EvidenceColumn, ...], specimen_index: SpecimenIndex
) -> Iterator[_Rows]:
    """Give the rows of one rule, subject by subject, limits of one result together."""
    cited_so_far = np.zeros(len(specimen_index.accessions), np.int64)
    for subject in dict.fromkeys(item.subject for item in evidence):
        shown: list[EvidenceColumn] = []
        for parts in _by_result([item for item in evidence if item.subject == subject]):
            first = parts[0]
            there = first.there
            for other in shown:
                there = there & ~first.same_as(other)
            shown.append(first)
            rows = np.flatnonzero(there)
            yield from _compared(number, parts, rows, cited_so_far[rows], specimen_index)
            cited_so_far[rows] += 1


def _by_result(items: list[EvidenceColumn]) -> list[list[EvidenceColumn]]:
    """Put together what rests on the same results everywhere, such as two limits of one analyte."""
    groups: list[list[EvidenceColumn]] = []
    for item in items:
        for group in groups:
            if item.same_as(group[0]).all():
                group.append(item)
                break
        else:
            groups.append([item])
    return groups


def _compared(
    number: int,
    parts: list[EvidenceColumn],
    rows: Positions,
    position: Positions,
    specimen_index: SpecimenIndex,
) -> Iterator[_Rows]:
    """Give a row for each limit of some results, and one where there is none."""
    limits = [part.limit[rows] for part in parts]
    # Without any limit the first part speaks for all.
    without = np.logical_and.reduce([np.isnan(limit) for limit in limits])
    counted = np.zeros(len(rows), np.int64)
    for place, (part, limit) in enumerate(zip(parts, limits, strict=True)):
        use = ~np.isnan(limit) | (without if place == 0 else False)
        for earlier, other in zip(parts[:place], limits[:place], strict=True):
            if earlier.direction == part.direction:
                use &= limit != other
        chosen = rows[use]
        said, held = part.said[chosen], part.held[chosen]
        results, aside = len(specimen_index.results), len(specimen_index.held)
        yield _Rows(
            rule=number,
            subject=part.subject,
            direction=part.direction,
            accession=chosen,
            position=position[use],
            comparison=counted[use],
            cited=np.where(
                said != NOWHERE,
                results + aside + said,
                np.where(held != NOWHERE, results + held, part.results[chosen]),
            ),
            is_said=said != NOWHERE,
            limit=limit[use],
            side=part.side[chosen],
        )
        counted[use] += 1


def _list_citable(specimen_index: SpecimenIndex) -> pd.DataFrame:
    """Put results, held results and observations below each other, as evidence tells them."""
    results, held, said = specimen_index.results, specimen_index.held, specimen_index.observations
    day = said["day"].dt.strftime("%Y-%m-%d")
    worded = said["text"].mask(said["text"].eq(""), said["answer"])
    in_words = day.where(said["day"].notna(), worded).mask(said["number"].notna(), "")
    tables = [
        _citable(
            results,
            comparator=results["comparator"],
            value=_write_short(results["original_value"].to_numpy("float64")),
            unit=results["original_unit"],
        ),
        _citable(held),
        _citable(said, value=_write_short(said["number"].to_numpy("float64")), text=in_words),
    ]
    kinds = Evidence.column_types()
    together: pd.DataFrame = pd.concat(tables, ignore_index=True)
    return together.astype({name: kinds[str(name)] for name in together})


def _citable(table: pd.DataFrame, **own: object) -> pd.DataFrame:
    columns: dict[str, object] = {
        "result_id": table["result_id"].astype("Int64"),
        "comparator": "",
        "value": np.nan,
        "text": "",
        "unit": "",
        "from_accession": table["accession"],
        "from_date": table["collected_at"].dt.normalize(),
        **{name: table[name] for name in _SOURCE},
    }
    return pd.DataFrame({**columns, **own}, index=table.index)


def _write_short(numbers: Numbers) -> Numbers:
    """Return numbers to twelve digits, as they are written everywhere."""
    codes, distinct = pd.factorize(numbers)
    short = np.array([*(float(f"{number:.12g}") for number in distinct), np.nan])
    return short[codes]


def _repeat(words: list[str], parts: list[_Rows]) -> npt.NDArray[np.object_]:
    counts = [len(rows.cited) for rows in parts]
    return np.repeat(np.array(words, dtype=object), counts)


def _texts(words: "Iterable[str] | npt.NDArray[np.object_]") -> ExtensionArray:
    return pd.array(np.array([*words], dtype=object), dtype="str")
