"""What answers rest on, as texts: results, limits and places, joined as tables hold them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.interpret.by_accession import NOWHERE, Grid
from pipeline.interpret.categorical import Coded, format_numbers, join_distinct, keep_whole
from pipeline.interpret.truth_columns import Evidence

_PLACE = ("source_file", "source_sheet", "source_row")
_FROM = ("from_accession", "from_date")
_EVIDENCE = ("analyte", "comparator", "value", "unit", "limit", "limit_unit", *_FROM, *_PLACE)


class Facts:
    """Texts of the tables behind the evidence, made once."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        results, held, said = grid.results, grid.held, grid.observations
        self.results: Mapping[str, Coded] = {
            "comparator": Coded.of(results["comparator"]),
            "value": format_numbers(results["original_value"]),
            "unit": Coded.of(results["original_unit"]),
            **_origin_of(results),
        }
        self.held: Mapping[str, Coded] = _origin_of(held)
        self.said: Mapping[str, Coded] = {"value": _sayings_of(said), **_origin_of(said)}


def _origin_of(table: pd.DataFrame) -> dict[str, Coded]:
    return {
        "from_accession": Coded.named(table["accession"]),
        "from_date": _write_dates(table["collected_at"]),
        **{name: Coded.named(table[name]) for name in _PLACE},
    }


def _sayings_of(said: pd.DataFrame) -> Coded:
    """Write what was said: a number, a date or the words that are quoted, else yes or no."""
    number, day = format_numbers(said["number"]).texts, _write_dates(said["day"]).texts
    text, answer = said["text"].to_numpy(object), said["answer"].to_numpy(object)
    worded = np.where(text != "", text, answer)
    return Coded.each(np.where(number != "", number, np.where(day != "", day, worded)))


def _write_dates(times: "pd.Series[pd.Timestamp]") -> Coded:
    codes, distinct = pd.factorize(times.dt.normalize())
    written = [f"{at:%Y-%m-%d}" for at in pd.DatetimeIndex(distinct)]
    at_end = np.where(codes < 0, len(written), codes)
    return Coded(codes=at_end, words=np.array([*written, ""], dtype=object))


def evidence_texts(evidence: tuple[Evidence, ...], facts: Facts, count: int) -> dict[str, Coded]:
    """Join what stands behind an answer, result by result, limits of one result together.

    A result that was joined stands once, also where the one joined is that of the accession.
    """
    texts = {name: Coded.same("", count) for name in _EVIDENCE}
    started = np.zeros(count, bool)
    for subject in dict.fromkeys(item.subject for item in evidence):
        shown: list[Evidence] = []
        for parts in _by_place([item for item in evidence if item.subject == subject]):
            there = parts[0].there
            for other in shown:
                there = there & ~parts[0].same_as(other)
            shown.append(parts[0])
            rows = np.flatnonzero(there)
            if len(rows):
                more = started[rows]
                for name, one in _texts_of(parts, facts, rows).items():
                    texts[name] = texts[name].put(rows, one, more)
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


def _texts_of(parts: list[Evidence], facts: Facts, rows: npt.NDArray[np.intp]) -> dict[str, Coded]:
    """Give the texts of some accessions; each has a result, a held one, or something said."""
    first = parts[0]
    texts = {name: Coded.same("", len(rows)) for name in _EVIDENCE}
    texts["analyte"] = Coded.same(first.subject, len(rows))
    sources = ((facts.results, first.results), (facts.held, first.held), (facts.said, first.said))
    for columns, everywhere in sources:
        positions = everywhere[rows]
        places = np.flatnonzero(positions != NOWHERE)
        if len(places):
            alone = np.zeros(len(places), bool)
            for name, column in columns.items():
                texts[name] = texts[name].put(places, column.at(positions[places]), alone)
    limit = join_distinct(
        [format_numbers(pd.Series(part.limit[rows], dtype="Float64")) for part in parts]
    )
    # Several limits of one result stay one piece beside those of the others.
    limit = Coded(codes=limit.codes, words=np.array([keep_whole(x) for x in limit.words], object))
    without = np.flatnonzero((limit.words == "")[limit.codes])
    texts["limit"] = limit
    texts["limit_unit"] = texts["unit"].put(
        without, Coded.same("", len(without)), np.zeros(len(without), bool)
    )
    return texts
