"""What a patient's report says, as a hash: only those that changed are written again."""

import hashlib
import json
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from schemas import CurrentFindings, DataFrame
from schemas.joined_codes import split_codes
from schemas.vocabulary import Outcome

_STANDING = ["rule", "outcome", "grade", "accession", "values", "collected_at"]


def digest_patients(
    patients: "pd.Series[str]", tables: Iterable[pd.DataFrame], basis: str
) -> "pd.Series[str]":
    """Hash what each patient's report is made of.

    Args:
        patients: Ids, each once.
        tables: With `patient_id`; neither the order of rows nor of ids in `result_id` counts.
        basis: What is the same for all: version, knowledge, letterhead, texts.

    Returns:
        Patient id → hash; another one as soon as anything in the tables differs.
    """
    known = pd.Index(patients)
    sums = [_sum_rows(table, known) for table in tables]
    by_patient = pd.DataFrame(dict(enumerate(sums)))
    lines = [",".join(map(str, row)) for row in by_patient.to_numpy().tolist()]
    digests = [hashlib.sha256(f"{basis}|{line}".encode()).hexdigest()[:32] for line in lines]
    return pd.Series(digests, index=known, dtype="str")


def _sum_rows(table: pd.DataFrame, known: pd.Index) -> "np.typing.NDArray[np.uint64]":
    """Add up the hashes of each patient's rows, which does not depend on their order."""
    sums = np.zeros(len(known), np.uint64)
    if table.empty:
        return sums
    columns = table.drop(columns=[name for name in ("result_id",) if name in table])
    hashes = pd.util.hash_pandas_object(columns, index=False).to_numpy(np.uint64)
    places = known.get_indexer(pd.Index(table["patient_id"]))
    is_known = places >= 0
    np.add.at(sums, places[is_known], hashes[is_known])
    return sums


def pack_current(current: DataFrame[CurrentFindings]) -> "pd.Series[str]":
    """Write down, by patient, which findings are present: what trends are told by later."""
    present = pd.DataFrame(current[current["outcome"].eq(Outcome.PRESENT)])
    if present.empty:
        return pd.Series([], dtype="str", index=pd.Index([], dtype="str"))
    moments = present["collected_at"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").fillna("")
    rows = present.assign(collected_at=moments)[_STANDING]
    said = pd.Series(rows.to_numpy(object).tolist(), index=present["patient_id"].to_numpy())
    packed = said.groupby(level=0).agg(lambda rows: json.dumps(rows.tolist(), ensure_ascii=False))
    return packed.astype("str")


def unpack_current(packed: "pd.Series[str]") -> DataFrame[CurrentFindings]:
    """Make findings, as far as trends need them, of what `pack_current` wrote."""
    said = [
        (patient, *_read_values(row))
        for patient, text in packed.items()
        for row in json.loads(text)
    ]
    kinds = CurrentFindings.column_types()
    found = pd.DataFrame(said, columns=["patient_id", *_STANDING], dtype=object)
    moments = pd.to_datetime(found["collected_at"].where(found["collected_at"].ne("")))
    return CurrentFindings.require_columns(
        found.assign(collected_at=moments)[list(kinds)].astype(kinds)
    )


def _read_values(row: list[Any]) -> list[Any]:
    """Take a row as it is written now, or with values and units as two joined texts."""
    if len(row) == len(_STANDING):
        *known, values, at = row
        return [*known, tuple((value, unit) for value, unit in values), at]
    *known, joined, joined_units, at = row
    values, units = split_codes(joined), split_codes(joined_units)
    return [*known, tuple(zip_longest(values, units, fillvalue="")), at]
