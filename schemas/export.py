"""`Export`: every result of one file, long, all text, before anything is interpreted."""

import re

import pandas as pd
import pandera.pandas as pa

from schemas.table import Table

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TOO_LONG = re.compile("(?s).{32001}")
# Letters that a person cannot see, and the mark of a letter that was lost.
_INVISIBLE = re.compile(
    "[\t\n\r\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffd]"
)
_LONG_ID = re.compile("(?s).{65}")
_DAMAGED = re.compile(
    r"[+-]?\d(?:[.,]\d+)?[eE][+-]\d+"  # 1.23E+11
    r"|\d+\.0"  # 4711.0
    r"|#+|#[A-Z/0]+[!?A]"  # ####, #REF!, #N/A
    r"|\d{4}-\d\d-\d\d(?:[T ][\d:.]+)?",  # 4-3 taken for a date
    re.ASCII,
)
_TEXTS = (
    "patient_id",
    "patient_name",
    "sex",
    "birth_date",
    "age",
    "sample_id",
    "collected_at",
    "analyte",
    "loinc",
    "value",
    "unit",
    "status",
    "reference_low",
    "reference_high",
    "flag",
    "comment",
)


class Export(Table):
    """One row per result cell, every cell as it stood in the file (trimmed), "" where empty.

    A long file gives one row per row, a wide file one row per non-empty result cell.
    Each check is named by the code of the issue that a failing cell becomes.
    """

    result_id: int = pa.Field(ge=0, unique=True)
    """Running number within the file; made unique over the run when files are combined."""
    source_file: str = pa.Field(str_length={"min_value": 1})
    """File name as shown to people, relative to what was named on the command line."""
    source_sheet: str
    source_row: int = pa.Field(ge=1)
    """Row number as Excel shows it (for text files: the line on which the row begins)."""
    source_column: str
    """Header of the column that holds the value."""
    patient_id: str
    patient_name: str
    sex: str
    birth_date: str
    age: str
    sample_id: str
    collected_at: str
    analyte: str
    """Name of the analyte as written, or an analyte id if the layout assigned one."""
    loinc: str
    value: str
    unit: str
    """Unit as written; in a wide file the unit of the header or of the layout."""
    comparator: str
    """Comparator that stands beside the number, as written ("<", "LT"); several are parted by
    semicolons."""
    status: str
    reference_low: str
    reference_high: str
    flag: str
    mark: str
    """Mark of the analyzer beside the number (`*`, `+`, `@`), as written."""
    comment: str
    material: str
    """What the specimen is ("Serum", "Urine"), as written; several are parted by semicolons."""
    record: str
    """What kind of record it is ("Blank", "QC", "Patient"), as written."""
    second_value: str
    """The same result once more, in `second_unit`; the two must agree."""
    second_unit: str

    @pa.check(*_TEXTS, error="cell-unprintable")
    def is_printable(cls, column: pd.Series) -> "pd.Series[bool]":
        """No control characters, which neither a workbook nor a person can show."""
        return _is_free_of(column, _CONTROL)

    @pa.check(*_TEXTS, error="cell-too-long")
    def is_short(cls, column: pd.Series) -> "pd.Series[bool]":
        """At most 32,000 characters."""
        return _is_free_of(column, _TOO_LONG)

    @pa.check("patient_id", error="patient-id-missing")
    def names_a_patient(cls, column: pd.Series) -> "pd.Series[bool]":
        """Some id."""
        return column.ne("")

    @pa.check("patient_id", error="patient-id-damaged")
    def id_is_whole(cls, column: pd.Series) -> "pd.Series[bool]":
        """No number, date or error that a spreadsheet made of an id."""
        return _is_not(column, _DAMAGED)

    @pa.check("patient_id", error="patient-id-unsafe")
    def id_is_visible(cls, column: pd.Series) -> "pd.Series[bool]":
        """At most 64 characters, each of them visible."""
        return _is_free_of(column, _INVISIBLE) & _is_free_of(column, _LONG_ID)

    @pa.check("sample_id", error="specimen-damaged")
    def specimen_is_whole(cls, column: pd.Series) -> "pd.Series[bool]":
        """What holds for a patient id; a damaged specimen id joins what does not belong."""
        return _is_not(column, _DAMAGED) & _is_free_of(column, _INVISIBLE)


def _is_free_of(column: pd.Series, pattern: re.Pattern[str]) -> "pd.Series[bool]":
    return ~column.isin([text for text in column.unique() if pattern.search(text)])


def _is_not(column: pd.Series, pattern: re.Pattern[str]) -> "pd.Series[bool]":
    return ~column.isin([text for text in column.unique() if pattern.fullmatch(text)])
