"""Several codes in one cell: rules, reasons, comments, artifacts, analytes. Codes hold no space.

Nothing else that is joined is taken apart again: names and texts may hold the sign themselves.
"""

from collections.abc import Iterable

JOIN = "; "


def join_codes(codes: Iterable[str]) -> str:
    """Return codes as one text, in their order."""
    return JOIN.join(codes)


def split_codes(joined: str) -> list[str]:
    """Return the codes of a cell; none of an empty one."""
    return joined.split(JOIN) if joined else []
