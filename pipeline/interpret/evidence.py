"""What answers rest on, as texts: results, limits and places, joined as tables hold them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.interpret.amounts import Mask
from pipeline.interpret.answer import Evidence
from pipeline.interpret.grid import NOWHERE, Grid

Texts = npt.NDArray[np.object_]
_JOIN = "; "
_PLACE = ("source_file", "source_sheet", "source_row")
_FROM = ("from_accession", "from_date")
_EVIDENCE = ("analyte", "comparator", "value", "unit", "limit", "limit_unit", *_FROM, *_PLACE)


class Facts:
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


def evidence_texts(evidence: tuple[Evidence, ...], facts: Facts, count: int) -> dict[str, Texts]:
    """Join what stands behind an answer, result by result, limits of one result together.

    A result that was joined stands once, also where the one joined is that of the accession.
    """
    texts: dict[str, Texts] = {name: np.full(count, "", dtype=object) for name in _EVIDENCE}
    started = np.zeros(count, bool)
    for subject in dict.fromkeys(item.subject for item in evidence):
        shown: list[Evidence] = []
        for parts in _by_place([item for item in evidence if item.subject == subject]):
            there = parts[0].there
            for other in shown:
                there = there & ~parts[0].same_as(other)
            shown.append(parts[0])
            rows = np.flatnonzero(there)
            one = _texts_of(parts, facts, rows)
            more = started[rows]
            for name in _EVIDENCE:
                column = texts[name]
                column[rows[~more]] = one[name][~more]
                column[rows[more]] += _JOIN + one[name][more]
            started |= there
    return texts


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


def _texts_of(parts: list[Evidence], facts: Facts, rows: npt.NDArray[np.intp]) -> dict[str, Texts]:
    """Give the texts of some accessions; each has a result, a held one, or something said."""
    first = parts[0]
    texts = {name: np.full(len(rows), "", dtype=object) for name in _EVIDENCE}
    texts["analyte"][:] = first.subject
    sources = ((facts.results, first.results), (facts.held, first.held), (facts.said, first.said))
    for columns, everywhere in sources:
        positions = everywhere[rows]
        there = positions != NOWHERE
        if there.any():
            for name, column in columns.items():
                texts[name][there] = column[positions[there]]
    written = [format_numbers(pd.Series(part.limit[rows], dtype="Float64")) for part in parts]
    texts["limit"] = _join_distinct(written)
    texts["limit_unit"] = np.where(texts["limit"] != "", texts["unit"], "")
    return texts


def _join_distinct(columns: list[Texts]) -> Texts:
    """Join texts row by row, each once, leaving out the empty ones."""
    joined = columns[0].copy()
    for place, column in enumerate(columns[1:], start=1):
        new = column != ""
        for earlier in columns[:place]:
            new &= column != earlier
        rows = np.flatnonzero(new)
        begun = joined[rows] != ""
        joined[rows[~begun]] = column[rows[~begun]]
        joined[rows[begun]] += _JOIN + column[rows[begun]]
    return joined


def format_numbers(numbers: "pd.Series[float]") -> Texts:
    """Write numbers as short as they read back, "" where missing."""
    codes, distinct = pd.factorize(numbers)
    written = np.array([f"{number:.12g}" for number in distinct] + [""], dtype=object)
    return written[codes]


def join_where(where: Mapping[str, Mask], count: int) -> Texts:
    """Join those words whose mask holds, in the order given.

    Each combination is joined once, not each row.
    """
    holds = {word: mask for word, mask in where.items() if mask.any()}
    if not holds:
        return np.full(count, "", dtype=object)
    packed = np.packbits(np.stack(list(holds.values()), axis=1), axis=1, bitorder="little")
    codes = np.zeros(count, np.uint64)
    for place in range(packed.shape[1]):
        codes |= packed[:, place].astype(np.uint64) << np.uint64(8 * place)
    places, combinations = pd.factorize(codes)
    words = list(holds)
    joined = [
        _JOIN.join(word for place, word in enumerate(words) if int(code) >> place & 1)
        for code in combinations
    ]
    return np.array(joined, dtype=object)[places]
