"""Results laid out by accession: in the order of time, each in its place."""

import numpy as np
import pandas as pd

from pipeline.interpret.by_accession import index_results
from pipeline.interpret.derive import derive_results
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines

KNOWLEDGE = load_knowledge()


def tables(text):
    return tables_of([dict(line.cells) for line in read_lines(text, "t")], KNOWLEDGE)


def place(made, **changed):
    return index_results(
        changed.get("results", made.results), changed.get("held", made.held),
        KNOWLEDGE.derived, changed.get("observations", made.observations),
    )  # fmt: skip


def names(specimen_index):
    times = specimen_index.accessions["collected_at"].dt.strftime("%d.%H").fillna("-")
    rows = zip(
        specimen_index.accessions["patient_id"],
        specimen_index.accessions["accession"],
        times,
        strict=True,
    )
    return [" ".join(row) for row in rows]


def test_accessions_stand_by_patient_time_and_name():
    """Also those that have only a held result, or of which something was only said."""
    specimen_index = place(
        tables(
            """
            patient | accession | day              | mcv  | diluted
            P2      | A         | 2026-01-05       | 90   |
            P1      | C         | 2026-01-09 12:00 | held |
            P1      | B         | 2026-01-09       |      | yes
            P1      | Z         | 2026-01-02       | 90   |
            P1      | Y         |                  | 90   |
            P1      | A         | 2026-01-09       | 90   |
            P2      | Z         | 2026-01-01       | 90   |
            """
        )
    )
    assert names(specimen_index) == [
        "P1 Z 02.00", "P1 A 09.00", "P1 B 09.00", "P1 C 09.12", "P1 Y -", "P2 Z 01.00", "P2 A 05.00",
    ]  # fmt: skip
    assert list(specimen_index.accessions.index) == list(range(7))
    columns = ["patient_id", "accession", "collected_at", "collected_precision"]
    assert list(specimen_index.accessions.columns) == columns


def test_every_row_finds_its_accession():
    specimen_index = place(
        tables(
            """
            patient | accession | day        | mcv  | hemoglobin | diluted
            P2      | A         | 2026-01-05 | 91   | held       |
            P1      | A         | 2026-01-09 | held | 120        | yes
            P1      | B         | 2026-01-01 | 92   | 121        | no
            """
        )
    )
    assert names(specimen_index) == ["P1 B 01.00", "P1 A 09.00", "P2 A 05.00"]
    assert list(specimen_index.result_of) == [2, 1, 0, 0]
    assert list(specimen_index.held_of) == [2, 1]
    assert list(specimen_index.said_of) == [1, 0]
    for name, at in specimen_index.reported.items():
        rows = specimen_index.results.iloc[at[at >= 0]]
        assert set(rows["analyte"]) == {name}
        there = specimen_index.accessions[at >= 0]
        assert list(rows["accession"]) == list(there["accession"])
        assert list(rows["patient_id"]) == list(there["patient_id"])
    assert {name: list(at) for name, at in specimen_index.set_aside.items()} == {
        "mcv": [-1, 1, -1],
        "hemoglobin": [-1, -1, 0],
    }
    assert specimen_index.bounds == {}
    assert list(specimen_index.is_missing_everywhere()) == [-1, -1, -1]


def test_bounds_stand_by_themselves():
    """What is calculated stands with what was reported."""
    made = tables(
        "accession | white-cells | neutrophils | neutrophils-percent\nA | 4 | |\nB | 5 | 2 |\nC | 4 | | 30"
    )
    together = derive_results(made.results, made.held, KNOWLEDGE)
    specimen_index = place(made, results=together)
    assert list(specimen_index.bounds) == ["neutrophils"]
    assert (
        list(together["derived"].iloc[specimen_index.bounds["neutrophils"]])
        == ["neutrophils-at-most"] * 3
    )
    is_missing_everywhere, counted, calculated = specimen_index.reported["neutrophils"]
    assert is_missing_everywhere == -1
    assert list(together["derived"].iloc[[counted, calculated]]) == ["", "neutrophils-calculated"]


def test_what_is_held_without_a_place_cannot_be_placed():
    made = tables(
        """
        patient | accession | mcv
        P1      | A         | held
        P2      | B         | held
        P3      | C         | held
        P4      | D         | held
        """
    )
    held = made.held.assign(
        patient_id=["P1", "", "P3", "P4"],
        accession=["A", "B", "", "D"],
        analyte=["mcv", "mcv", "mcv", ""],
    )
    # The labels of the rows mean nothing.
    specimen_index = place(made, held=held.set_axis([9, 8, 7, 6]))
    assert [name.split()[:2] for name in names(specimen_index)] == [["P1", "A"]]
    assert list(specimen_index.held.index) == [0]
    assert list(specimen_index.held.columns) == list(held.columns)
    assert list(specimen_index.set_aside["mcv"]) == [0]


def test_labels_of_what_was_said_mean_nothing():
    made = tables("patient | accession | diluted\nP1 | A | yes\nP2 | B | no")
    specimen_index = place(made, observations=made.observations.set_axis([5, 4]))
    assert list(specimen_index.observations.index) == [0, 1]
    assert list(specimen_index.said_of) == [0, 1]
    assert index_results(made.results, made.held, (), None).observations.empty


def test_of_several_times_of_an_accession_the_first_counts():
    """One without a time counts last; of two that are the same, what was reported goes first."""
    made = tables("patient | accession | day | mcv | diluted\nP1 | A | | 90 |\nP1 | B | | 90 |")
    rows = pd.concat([made.results] * 30, ignore_index=True)
    rows["accession"] = [f"S{number:02}" for number in range(60)]
    days = pd.Series(pd.Timestamp("2026-01-09"), index=rows.index, dtype="datetime64[us]")
    dated = rows.assign(collected_at=days, collected_precision="date")
    held = made.held.reindex(range(60)).assign(
        **{name: dated[name] for name in ("patient_id", "accession", "analyte", "collected_at")},
        collected_precision="time",
    )
    specimen_index = index_results(dated, held, ())
    assert list(specimen_index.accessions["collected_precision"]) == ["date"] * 60
    earlier = held.assign(collected_at=held["collected_at"] - pd.Timedelta(days=1))
    specimen_index = index_results(dated, earlier, ())
    assert list(specimen_index.accessions["collected_precision"]) == ["time"] * 60
    specimen_index = index_results(dated, held.assign(collected_at=pd.NaT), ())
    assert list(specimen_index.accessions["collected_precision"]) == ["date"] * 60
    assert np.isin(specimen_index.result_of, range(60)).all()
