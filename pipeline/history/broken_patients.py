"""Patients whose stored rows were changed from outside: none is used until that is mended."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd

from pipeline.history.patient_ids import WITH_RESULTS
from pipeline.history.store.seals import Key
from pipeline.ingest.apply_verdicts import (
    join_verdicts,
    set_aside,
    verdicts_on_observations,
    verdicts_on_results,
)
from pipeline.ingest.dataset import Dataset
from pipeline.ingest.stored_file import ReceivedFile
from schemas import Held

SEAL_BROKEN = "seal-broken"


def hold_broken(dataset: Dataset) -> Dataset:
    """Hold everything of patients whose rows are not as they were sealed, in whatever file."""
    if not dataset.broken:
        return dataset
    patients = [*dataset.broken]
    results, held, observations = (
        table[table["patient_id"].isin(patients)]
        for table in (dataset.results, dataset.held, dataset.observations)
    )
    verdicts = join_verdicts(
        verdicts_on_results(results, SEAL_BROKEN),
        verdicts_on_results(held, SEAL_BROKEN),
        verdicts_on_observations(observations, SEAL_BROKEN),
    )
    return set_aside(dataset, verdicts)


def balance(
    files: Mapping[int, ReceivedFile],
    frames: Mapping[str, pd.DataFrame],
    broken: Collection[Key],
) -> tuple[dict[int, ReceivedFile], dict[str, pd.DataFrame]]:
    """Make the accounts of files that were changed add up again, whatever was done to them.

    In place of all rows of a patient that were changed stands one that says nothing, so that the
    patient is not left out. What is missing counts as taken out.

    Args:
        files: Number of the file → what is known of it.
        frames: Tables of the history, with `file_id`, without the rows that were changed.
        broken: Numbers of files and patients, as they are stored.
    """
    known, tables = dict(files), dict(frames)
    for number in sorted({number for number, _ in broken} & files.keys()):
        ids = {
            int(each)
            for name in WITH_RESULTS
            for each in tables[name].loc[tables[name]["file_id"].eq(number), "result_id"].dropna()
        }
        patients = sorted(who for at, who in broken if at == number and who)
        first = max((known[number].read - 1, *ids), default=-1) + 1
        stand_ins = [_stand_in(number, who, first + at) for at, who in enumerate(patients)]
        if stand_ins:
            added = pd.DataFrame(stand_ins).astype(tables["held"].dtypes.to_dict())
            tables["held"] = pd.concat([tables["held"], added], ignore_index=True)
        left, ignored = len(ids) + len(stand_ins), known[number].ignored
        read = max(first + len(stand_ins), left + ignored)
        known[number] = replace(known[number], read=read, purged=0, withdrawn=read - left - ignored)
    return known, tables


def _stand_in(number: int, patient: str, result_id: int) -> dict[str, object]:
    """Make a held row that says nothing but that something of a patient was changed."""
    empty: dict[str, object] = {
        name: "" if kind == "str" else pd.NaT if kind.startswith("datetime") else None
        for name, kind in Held.column_types().items()
        if name != "source_file"
    }
    said = {"file_id": number, "position": -1, "patient_id": patient, "result_id": result_id}
    return {**empty, **said, "source_row": 1, "status": "final", "code": SEAL_BROKEN}
