"""What is written beside a file of which nothing could be used: why, and what to do."""

from datetime import datetime

from schemas import DataFrame, Issues
from schemas.vocabulary import IssueSeverity

_MOST_LINES = 200

_NO_TABLE = {
    "no-layout", "layout-ambiguous", "missing-column", "patient-column-missing", "duplicate-column",
    "unit-column-unnamed", "delimiter-ambiguous", "file-encoding",
}  # fmt: skip
"""Problems of files that a layout can solve."""


def explain_quarantine(
    name: str, issues: DataFrame[Issues], now: datetime, *, has_workbook: bool
) -> str:
    """Say in plain words what is wrong with a file; its places, and nothing that stands in them.

    Args:
        name: The file, as it was called when it came.
        issues: Those of this file.
        now: When it was set aside.
        has_workbook: Whether a workbook of its rows lies beside it.
    """
    faults = issues[issues["severity"].eq(str(IssueSeverity.ERROR))]
    lines = list(_tell_places(faults))
    more = len(lines) - _MOST_LINES
    shown = lines[:_MOST_LINES] + ([f"  and {more} more"] if more > 0 else [])
    todo = (
        f"Correct the marked cells of {name}.held.xlsx, which lies beside this text, and put it "
        "into the inbox."
        if has_workbook
        else "Put a corrected file into the inbox."
    )
    if not has_workbook and not _NO_TABLE.isdisjoint(faults["code"]):
        todo += (
            " The same file may be put there again when a layout says what its columns are "
            "(labflag identify FILE --save LAYOUT)."
        )
    return "\n".join(
        (
            f"No result of {name} could be used. It was set aside on {now:%Y-%m-%d at %H:%M}.",
            "",
            "What is wrong:",
            *(shown or ["  It holds no result."]),
            "",
            "What to do:",
            f"  {todo}",
            "",
            "The file was not changed. It can be deleted when it is not needed any more.",
            "",
        )
    )


def _tell_places(faults: DataFrame[Issues]) -> list[str]:
    """Give each kind of fault a line, with the first places at which it stands."""
    told: list[str] = []
    for message, group in faults.groupby("message", sort=False):
        places = [
            f"{f'{sheet}!' if sheet else ''}{row}{f' ({column})' if column else ''}"
            for sheet, row, column in group.dropna(subset="row")[
                ["sheet", "row", "column"]
            ].itertuples(index=False)
        ]
        told.append(f"- {message}")
        if places:
            told.append(f"  row {', '.join(places[:10])}")
            if len(places) > 10:
                told.append(f"  and {len(places) - 10} more rows; issues.csv lists all")
    return told
