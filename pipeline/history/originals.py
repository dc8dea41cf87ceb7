"""What is kept of a file so that its rows can be handed back later: its cells, as they stood."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.ingest.dataset import Ingested
from pipeline.ingest.layout.dialect import Conventions
from pipeline.ingest.layout.recognize import Sheet
from pipeline.ingest.returned_rows import Hold, ReadAs, Returned
from pipeline.ingest.text_tables import DateOrder, DecimalSign

_FAST = 1  # of zlib; slower ones save little on tables of results


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalSheet:
    """One table with results: its cells, and what its columns were understood to be."""

    sheet: str
    header_row: int
    headers: tuple[str, ...]
    """Of the plan; trimmed, one for each column."""
    rows: tuple[tuple[int, list[str]], ...]
    fields: Mapping[str, tuple[int, ...]]
    """Column of Export → places of its columns."""
    results: frozenset[int]
    """Places of the columns that hold results."""
    bad_cells: frozenset[tuple[int, int]]
    attached: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """Of a column of `results`: column of Export → place of the column that belongs to it."""
    unit_row: int = 0
    """Number of the row below the header that states units; 0 without one."""
    layout: str = ""
    row_is_patient: bool = False
    delimiter: str = ""
    decimal: DecimalSign = ""
    date_order: Mapping[str, DateOrder] = field(default_factory=dict)
    returned: Returned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """One file with results."""

    sha256: str
    sheets: tuple[OriginalSheet, ...]
    bad_lines: Mapping[int, str]
    """Of a text file: row number → the lines of a row that could not be split."""

    @property
    def sha8(self) -> str:
        """The first eight hex digits, by which holds name the file."""
        return self.sha256[:8]


def keep_original(file: Ingested) -> Original:
    """Take what handing rows back needs out of what was read."""
    returned = {each.sheet: each for each in file.returned}
    return Original(
        sha256=file.file.sha256,
        sheets=tuple(
            _keep_sheet(sheet, conventions, returned.get(sheet.table.sheet))
            for sheet, conventions in zip(file.sheets, file.table_conventions, strict=True)
        ),
        bad_lines=file.bad_lines,
    )


def _keep_sheet(sheet: Sheet, conventions: Conventions, returned: Returned | None) -> OriginalSheet:
    plan, layout = sheet.plan, sheet.plan.layout
    return OriginalSheet(
        sheet=sheet.table.sheet,
        header_row=plan.header_row,
        headers=tuple(plan.headers),
        rows=tuple(sheet.table.rows),
        fields={name: tuple(places) for name, places in plan.fields.items()},
        results=frozenset(each.column for each in plan.results),
        bad_cells=frozenset(sheet.table.bad_cells),
        attached={each.column: dict(each.attached) for each in plan.results if each.attached},
        unit_row=plan.unit_row.row if plan.unit_row and plan.unit_row.is_taken else 0,
        layout=conventions.layout,
        row_is_patient=bool(layout and layout.row_is_patient),
        delimiter=conventions.delimiter,
        decimal=conventions.decimal,
        date_order=conventions.date_order,
        returned=returned,
    )


def pack_original(original: Original) -> bytes:
    """Write it down: JSON, compressed."""
    content = {
        "sha256": original.sha256,
        "sheets": [_pack_sheet(sheet) for sheet in original.sheets],
        "bad_lines": list(original.bad_lines.items()),
    }
    return zlib.compress(
        json.dumps(content, ensure_ascii=False).encode(errors="surrogatepass"), _FAST
    )


def _pack_sheet(sheet: OriginalSheet) -> dict[str, Any]:
    plain = {
        name: getattr(sheet, name)
        for name in OriginalSheet.__slots__
        if name not in ("results", "bad_cells", "attached", "returned")
    }
    return {
        **plain,
        "results": sorted(sheet.results),
        "bad_cells": sorted(sheet.bad_cells),
        "attached": [[column, dict(places)] for column, places in sheet.attached.items()],
        "returned": pack_returned(sheet.returned) if sheet.returned else None,
    }


def unpack_original(content: bytes) -> Original:
    """Read what `pack_original` wrote."""
    said = json.loads(zlib.decompress(content).decode(errors="surrogatepass"))
    return Original(
        sha256=said["sha256"],
        sheets=tuple(map(_unpack_sheet, said["sheets"])),
        bad_lines={int(row): lines for row, lines in said["bad_lines"]},
    )


def _unpack_sheet(said: dict[str, Any]) -> OriginalSheet:
    return OriginalSheet(
        **{
            **said,
            "headers": tuple(said["headers"]),
            "rows": tuple((row, cells) for row, cells in said["rows"]),
            "fields": {name: tuple(places) for name, places in said["fields"].items()},
            "results": frozenset(said["results"]),
            "bad_cells": frozenset(map(tuple, said["bad_cells"])),
            # What was kept by an earlier version says nothing of them.
            "attached": dict(said.get("attached", ())),
            "returned": unpack_returned(said["returned"]) if said["returned"] else None,
        }
    )


def pack_returned(returned: Returned) -> dict[str, Any]:
    """Write down what the labflag columns of a table say."""
    return {
        "sheet": returned.sheet,
        "holds": [[row, *hold] for row, hold in returned.holds.items()],
        "read_as": [[row, str(said)] for row, said in returned.read_as.items()],
    }


def unpack_returned(said: dict[str, Any]) -> Returned:
    """Read what `pack_returned` wrote."""
    return Returned(
        sheet=said["sheet"],
        holds={row: Hold(*hold) for row, *hold in said["holds"]},
        read_as={row: ReadAs.parse(text) for row, text in said["read_as"]},
    )
