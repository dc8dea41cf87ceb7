"""A table as CSV that no spreadsheet takes for formulas."""

import csv
import re

import pandas as pd

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# Signs that make a spreadsheet take CSV text for a formula, also in their full-width forms.
_LIVE = re.compile(r"\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n]")
# What ends a cell where a semicolon or a tab separates; what may stand before a formula then.
_CELL_ENDS = re.compile(r"((?<=[;\t\r\n])(?=[^;\t\r\n]))")
_QUOTES = "\"' "


def csv_text(table: pd.DataFrame) -> str:
    """Turn a table into CSV that no spreadsheet takes for formulas.

    Times are ISO 8601; a column `collected_precision` is used up: where it says "date",
    `collected_at` is a date only. Missing is empty. Text that a spreadsheet would run gets a
    leading apostrophe; text that is a plain number, such as -5, stays as it is.
    """
    written = table.copy()
    for name in written.select_dtypes("datetime").columns:
        written[name] = written[name].dt.strftime("%Y-%m-%dT%H:%M:%S")
    if "collected_precision" in written:
        is_date = written["collected_precision"].ne("time")
        written["collected_at"] = written["collected_at"].mask(
            is_date, written["collected_at"].str.slice(0, 10)
        )
        written = written.drop(columns="collected_precision")
    for name in written.columns:
        if not pd.api.types.is_numeric_dtype(written[name]):
            codes, distinct = pd.factorize(written[name])
            safe = pd.Series([neutralize(str(text)) for text in distinct], dtype="str")
            written[name] = safe.reindex(codes).fillna("").to_numpy()
    return str(written.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL))


def neutralize(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula.

    Also behind what separates cells or ends a quotation in the spreadsheets of other countries:
    where a semicolon separates, the second half of one text is a cell of its own.
    """
    first, *rest = _CELL_ENDS.split(text)
    rest = [f"'{part}" if _is_live(part.strip(_QUOTES)) else part for part in rest]
    whole = "".join((first, *rest))
    return f"'{whole}" if _is_live(text) else whole


def _is_live(text: str) -> bool:
    return bool(_LIVE.match(text)) and not _NUMBER.fullmatch(text)
