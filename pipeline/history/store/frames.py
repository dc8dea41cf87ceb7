"""Tables of results into the database and out of it, a million rows in seconds."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Table, select
from sqlalchemy.engine import Connection

from schemas.table import Table as Schema

_ISO = "%Y-%m-%dT%H:%M:%S.%f"
_ROWS_AT_ONCE = 50_000
See = Callable[[str, Sequence[str], Iterable[Sequence[Any]]], None]


def write_rows(connection: Connection, table: Table, file_id: int, rows: pd.DataFrame) -> None:
    """Write the rows of one file, in their order."""
    if rows.empty:
        return
    names = [column.name for column in table.columns]
    columns: list[Sequence[Any]] = [[file_id] * len(rows), range(len(rows))]
    columns += [_as_stored(rows[name]) for name in names[2:]]
    insert_many(connection, table, names, list(zip(*columns, strict=True)))


def insert_many(
    connection: Connection, table: Table, names: Sequence[str], rows: list[tuple[Any, ...]]
) -> None:
    """Insert rows as they are; many times as fast as a mapping for each."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    listed = ", ".join(map(quote, names))
    marks = ", ".join([mark] * len(names))
    connection.exec_driver_sql(f"INSERT INTO {quote(table.name)} ({listed}) VALUES ({marks})", rows)


def read_rows(
    connection: Connection,
    table: Table,
    schema: type[Schema],
    see: See | None = None,
    file_id: int | None = None,
    without: Collection[tuple[int, str]] = (),
) -> pd.DataFrame:
    """Read all rows: `file_id`, `position`, and the columns of the schema but `source_file`.

    Args:
        connection: To the database.
        table: Of the database.
        schema: Of the rows.
        see: Is shown the name of the table, those of its columns, and the rows as they come.
        file_id: Read the rows of this file alone.
        without: Leave out the rows of these files and patients; "" for a table without patients.
    """
    kinds = {"file_id": "int64", "position": "int64", **schema.column_types()}
    kinds.pop("source_file", None)
    query = select(*(table.c[name] for name in kinds))
    if file_id is not None:
        query = query.where(table.c.file_id == file_id)
    fetched = connection.execute(query).cursor
    parts = [_as_frame((), kinds)]
    # Part by part: a million rows of Python values at once take gigabytes.
    while fetched is not None and (rows := fetched.fetchmany(_ROWS_AT_ONCE)):
        if see is not None:
            see(table.name, list(kinds), rows)
        if without:
            number = list(kinds).index("patient_id") if "patient_id" in kinds else None
            rows = [
                row
                for row in rows
                if (row[0], "" if number is None else row[number] or "") not in without
            ]
        parts.append(_as_frame(rows, kinds))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _as_frame(rows: Sequence[tuple[Any, ...]], kinds: Mapping[str, str]) -> pd.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return pd.DataFrame(
        {
            name: _as_column(values, kind)
            for (name, kind), values in zip(kinds.items(), columns, strict=True)
        }
    )


def _as_stored(column: "pd.Series[Any]") -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        codes, days = pd.factorize(column)
        texts = np.array([*pd.DatetimeIndex(days).strftime(_ISO), None], dtype=object)
        stored: list[Any] = texts[codes].tolist()
        return stored
    if column.dtype in ("Int64", "Float64", "boolean"):
        return list(column.astype(object).where(column.notna(), None))
    return list(column.tolist())


def _as_column(values: Sequence[Any], kind: str) -> Any:
    match kind:
        case "datetime64[us]":
            codes, texts = pd.factorize(np.array(values, dtype=object))
            moments = pd.to_datetime(pd.Series(texts, dtype="str"), format=_ISO).astype(kind)
            return moments.reindex(codes).array
        case "str":
            return pd.array(np.array(values, dtype=object), dtype="str")
        case "Float64":
            numbers = np.array(values, dtype=float)
            return pd.arrays.FloatingArray(numbers, np.isnan(numbers))
        case "Int64":
            # Exact: none of our whole numbers comes near 2^53.
            numbers = np.array(values, dtype=float)
            missing = np.isnan(numbers)
            return pd.arrays.IntegerArray(np.where(missing, 0, numbers).astype("int64"), missing)
        case _:
            return pd.Series(values, dtype=kind).array
