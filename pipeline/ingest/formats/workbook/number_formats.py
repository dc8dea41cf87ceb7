"""What a spreadsheet's number format makes of a number: would a person read what is stored?

Standard library only; runs in the limited child process.
"""

import re

_BUILT_IN_FORMATS = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    37: "#,##0 ;(#,##0)", 38: "#,##0 ;[Red](#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;[Red](#,##0.00)", 41: '_(* #,##0_);_(* (#,##0);_(* "-"_);_(@_)',
    42: '_("$"* #,##0_);_("$"* (#,##0);_("$"* "-"_);_(@_)',
    43: '_(* #,##0.00_);_(* (#,##0.00);_(* "-"??_);_(@_)',
    44: '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)',
    48: "##0.0E+0", 49: "@",
}  # fmt: skip
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59), *range(71, 82)}

_UNKNOWN_FORMAT = '"unknown"'
_LONGEST_FORMAT = 255

# What a format code may hold without showing anything: colors, locales, conditions, blanks.
_INVISIBLE = re.compile(
    r"""\[(?:black|blue|cyan|green|magenta|red|white|yellow|color\s*\d+)\]"""
    r"""|\[\$-[0-9a-f,]*\]|\[[<>=]{1,2}-?[0-9.]+\]|_.|\*[ ]|\\[ ]|"[ ]*"|[ ]""",
    re.IGNORECASE,
)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE)
_PLAIN = re.compile(r"[-(]?(?P<whole>[#?0,]*)(?:\.[#?0]*)?(?:E[+-][#?0]+)?\)?", re.IGNORECASE)
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')


class NumberFormat:
    """What a number format makes of a number."""

    __slots__ = ("is_conditional", "is_date", "zeros")

    def __init__(self, code: str) -> None:
        """Read a format code as it stands in a workbook."""
        sections = _SEMICOLON.split(code)[:3]
        bare = [_LITERAL.sub("", section) for section in sections]
        is_general = bare[0].strip().lower() in ("general", "@", "")
        self.is_date = not is_general and bool(re.search(r"[ymdhsbg]|e(?![+-])", bare[0], re.I))
        self.is_conditional = bool(re.search(r"\[[<>=]", code))
        self.zeros = [_count_zeros(section) for section in sections]

    @property
    def is_always_plain(self) -> bool:
        """Every number is shown as it is stored, apart from rounding."""
        return not self.is_date and all(zeros in (0, 1) for zeros in self.zeros)

    def shows(self, value: float) -> bool:
        """Tell whether a person sees this number, apart from rounding."""
        if self.is_date:
            return False
        if self.is_conditional:
            return self.is_always_plain
        section = 1 if value < 0 else 2 if value == 0 else 0
        zeros = self.zeros[section if section < len(self.zeros) else 0]
        return 0 <= zeros <= max(1, len(str(abs(int(value)))))


def _count_zeros(section: str) -> int:
    """Count the digits that a format shows at least; -1 if it shows more than the number."""
    bare = _INVISIBLE.sub("", section)
    if bare.lower() in ("general", "@"):
        return 1
    plain = _PLAIN.fullmatch(bare)
    if not plain or not re.search(r"[#?0]", bare) or plain["whole"].endswith(","):
        return -1
    return plain["whole"].count("0")


def read_format(number: int, custom: dict[int, str]) -> NumberFormat | None:
    """Give the format of an id of a workbook; nothing if numbers are always shown as they are.

    Args:
        number: `numFmtId` of a style.
        custom: The workbook's own formats, by id.
    """
    if number not in custom and number in _DATE_FORMATS:
        return NumberFormat("yyyy-mm-dd")
    code = custom.get(number, _BUILT_IN_FORMATS.get(number, _UNKNOWN_FORMAT))
    found = NumberFormat(code if len(code) <= _LONGEST_FORMAT else _UNKNOWN_FORMAT)
    return None if found.is_always_plain else found
