"""Specimens as rows of a plain export, and rows as a text file."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from sample_data.synthesis import forms
from sample_data.synthesis.forms import Column, show
from sample_data.synthesis.people import Specimen

LONG = [
    "patient_id",
    "patient_name",
    "sex",
    "birth_date",
    "sample_id",
    "collected_at",
    "analyte",
    "value",
    "unit",
    "status",
    "reference_low",
    "reference_high",
    "flag",
    "loinc",
    "age",
    "comment",
]
NARROW = [*LONG[:10], "comment"]
Row = dict[str, str]


def long_rows(specimen: Specimen, columns: Sequence[Column], status: str = "final") -> list[Row]:
    """Write every result of a specimen as one row: column of the plain long form → text."""
    rows = []
    for column in columns:
        text = show(specimen, column)
        if not text:
            continue
        low, high = forms.interval(column, specimen.person.sex)
        rows.append(
            {
                **about(specimen),
                "analyte": column.name,
                "value": text,
                "unit": column.unit,
                "status": status,
                "reference_low": low,
                "reference_high": high,
                "flag": forms.flag(text, low, high) if low else "",
                "loinc": column.loinc,
                "age": specimen.age.removesuffix("y"),
                "comment": "",
            }
        )
    return rows


def about(specimen: Specimen) -> Row:
    person = specimen.person
    return {
        "patient_id": person.id,
        "patient_name": person.name,
        "sex": person.sex,
        "birth_date": person.born.isoformat(),
        "sample_id": specimen.accession,
        "collected_at": specimen.collected_at.isoformat(" ", "minutes"),
    }


def write_text(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Row],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> None:
    """Write the named columns of rows as delimited text; lines end as Excel ends them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
