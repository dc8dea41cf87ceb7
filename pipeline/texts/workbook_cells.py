"""What a cell of a workbook can hold of a text, and how the text reads once it was written."""

import re
from functools import lru_cache

# A cell holds 32,767 units of UTF-16, of which some characters take two.
TEXT_AT_MOST = 32_000
CUT = " … [cut]"
# Signs that XML or a terminal cannot hold, and those that turn the direction of writing around.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
# Excel reads "_x0041_" as "A"; the underscore itself has to be written so.
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


def clean_text(text: str) -> str:
    """Replace what a cell cannot hold by a visible sign, and cut visibly what is too long."""
    if text.isascii() and text.isprintable() and len(text) <= TEXT_AT_MOST and "_x" not in text:
        return text
    seen = _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    seen = _ESCAPED.sub("_x005F_", seen)
    units = seen.encode("utf-16-le")
    if len(units) <= 2 * TEXT_AT_MOST:
        return seen
    return units[: 2 * (TEXT_AT_MOST - len(CUT))].decode("utf-16-le", "ignore") + CUT


@lru_cache(maxsize=100_000)
def as_drawn(text: str) -> str:
    """Give a text as it is read back from a cell that it was written to."""
    return unescape(clean_text(text)).replace("\r\n", "\n").strip()


@lru_cache(maxsize=100_000)
def as_shown(patient_id: str) -> str:
    """Give a patient id as it may come back from a cell: programs differ in what they escape."""
    text = as_drawn(patient_id)
    while (plain := unescape(text).strip()) != text:
        text = plain
    return text


def unescape(text: str) -> str:
    """Give a text that stands in a workbook as people see it: "_x0041_" is "A"."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
