"""How workbooks look: fonts, fills, number formats, paper. Named here and nowhere else.

Fills are light with dark text (contrast at least 4.5) and can be told apart by people who do
not see red or green; every one goes with a word or a symbol.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

from pipeline.texts import ENGLISH, Texts
from schemas.vocabulary import Grade

# Excel has it, and elsewhere a font of the same widths stands in for it.
FONT = "Arial"
INK, MUTED, PAPER, RULE_LINE = "1F2933", "4A5560", "FFFFFF", "C5CDD5"

# Of charts; the dashes tell limits apart without color.
BAND, LIMIT_DASHES = "DDE3E8", ("dash", "sysDot", "dashDot")

DATE, DATE_AND_TIME, WHOLE = "yyyy-mm-dd", "yyyy-mm-dd hh:mm", "#,##0"
AS_TEXT = "@"
"""Text, whatever is typed into the cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The look of a cell, apart from the format of its number."""

    color: str = INK
    fill: str = ""
    bold: bool = False
    size: int = 9
    align: Literal["left", "right", "center"] = "left"
    wrap: bool = True
    lined: bool = True
    """A thin line below, as in the rows of a table."""
    underline: bool = False
    struck: bool = False
    """Struck through: no longer valid."""
    indent: int = 1


TEXT = Look()
STRONG = Look(bold=True)
QUIET = Look(color=MUTED)
TRACE = Look(color=MUTED, wrap=False)
NUMBER = Look(align="right", wrap=False)
SEVERAL = Look(align="right")
MOMENT = Look(wrap=False)
SIGN = Look(align="right", wrap=False)
HEADER = Look(color=PAPER, fill="1F3A5F", bold=True)
STRUCK = Look(color=MUTED, align="right", wrap=False, struck=True)
LETTERHEAD = Look(color="1F3A5F", bold=True, size=12, wrap=False, lined=False, indent=0)
NONE_FOUND = Look(bold=True, wrap=False, lined=False, indent=0)
TITLE = Look(color="1F3A5F", bold=True, size=15, wrap=False, lined=False, indent=0)
SECTION = Look(color="1F3A5F", bold=True, size=11, wrap=False, lined=False, indent=0)
VERDICT = Look(bold=True, size=11, wrap=False, lined=False, indent=0)
LABEL = Look(color=MUTED, fill="EEF2F6", size=8, lined=False, indent=0)
FACT = Look(bold=True, size=10, indent=0)
PLAIN = Look(wrap=False, lined=False, indent=0)
NOTE_LINE = Look(wrap=False, lined=False, size=8, indent=0)
STRONG_LINE = Look(bold=True, wrap=False, lined=False, indent=0)
LINKED_TEXT = Look(color="0B4F8A", underline=True)
LINK = Look(color="0B4F8A", underline=True, wrap=False)

SEVERE = Look(color="6B1F00", fill="F8D6C8", bold=True)
MODERATE = Look(color="5A3A00", fill="FCE6BF", bold=True)
MILD = Look(color="4A4000", fill="FFF6C9", bold=True)
UNDECIDED = Look(color="0B3A66", fill="DCEAF7", bold=True)
ARTIFACT = Look(color="4B2A63", fill="EADCF2", bold=True)
HELD = Look(color="333333", fill="E4E4E4", bold=True)

CELL = Look(wrap=False)
MARKED = Look(color="5A3A00", fill="FCE6BF", bold=True)
OUR_HEADER = Look(color="333333", fill="E4E4E4", bold=True)
INPUT = Look(color="1F2933", fill="FFFDE7")
"""A cell that people type into."""
FREE = Look(lined=False, size=10, indent=0)

GRADES: Mapping[str, Look] = MappingProxyType(
    {
        Grade.GRADE_4: SEVERE,
        Grade.SEVERE: SEVERE,
        Grade.GRADE_3: SEVERE,
        Grade.MODERATE: MODERATE,
        Grade.GRADE_2: MODERATE,
        Grade.MILD: MILD,
        Grade.GRADE_1: MILD,
        "": MODERATE,
    }
)
RANKS: Mapping[int, Look] = MappingProxyType(
    {1: SEVERE, 2: MODERATE, 3: MILD, 4: STRONG, 5: UNDECIDED, 6: QUIET}
)


def format_decimals(decimals: int) -> str:
    """Give the number format that shows so many decimals."""
    return "0." + "0" * decimals if decimals else "0"


class Styler:
    """Gives cells of one workbook their look; each distinct style is made once."""

    def __init__(self, texts: Texts = ENGLISH) -> None:
        """Start with no styles; dates are shown as the language writes them."""
        self._formats = {
            DATE: texts.date,
            DATE_AND_TIME: DATE_AND_TIME.replace(DATE, texts.date),
        }
        self._made: dict[tuple[Look, str, bool], Any] = {}

    def format_of(self, number_format: str) -> str:
        """Give a number format as the language writes it."""
        return self._formats.get(number_format, number_format)

    def dress(self, cell: Any, look: Look, number_format: str, *, quoted: bool) -> None:
        """Give a cell its style; `quoted` keeps text that looks like a formula text when edited."""
        key = (look, number_format, quoted)
        if key not in self._made:
            self._made[key] = _make(cell, look, self.format_of(number_format), quoted)
        # Making font, fill and border anew for each cell takes several times as long.
        cell._style = self._made[key]


def _make(cell: Any, look: Look, number_format: str, quoted: bool) -> Any:
    cell.font = Font(
        name=FONT,
        size=look.size,
        bold=look.bold,
        color=look.color,
        underline="single" if look.underline else None,
        strike=look.struck or None,
    )
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    if look.lined:
        cell.border = Border(bottom=Side(style="thin", color=RULE_LINE))
    cell.alignment = Alignment(
        horizontal=look.align, vertical="top", wrap_text=look.wrap, indent=look.indent
    )
    if number_format:
        cell.number_format = number_format
    if quoted:
        cell.quotePrefix = True
    return copy(cell._style)
