"""How the text of a cell is shown on a terminal."""

_LONGEST = 40


def show_cell(text: str) -> str:
    """Write a cell for a terminal: in quotation marks, cut, with nothing that moves the cursor."""
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    safe = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in cut
    )
    return f'"{safe}"'
