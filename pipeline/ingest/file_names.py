"""Names of files as they are stored and shown: any bytes in, plain printable text out."""

import unicodedata

_BYTES = range(0xDC80, 0xDD00)  # how Python holds bytes of a name that are not UTF-8
# Control, format (among them those that turn the direction of text), surrogates, private, not
# assigned, and the separators of lines and paragraphs.
_NOT_SHOWN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def show_name(name: str) -> str:
    r"""Return a file name as text that can be stored and shown; plain names stay as they are.

    Bytes that are not UTF-8, control signs and signs that are not visible are written as
    escapes. No two names give the same text, since a backslash is doubled.

    >>> show_name("Müller 3.csv"), show_name("M\udcfcller.csv"), show_name("a\nb\\c.csv")
    ('Müller 3.csv', 'M\\xfcller.csv', 'a\\nb\\\\c.csv')
    """
    if name.isascii() and name.isprintable() and "\\" not in name:
        return name
    return "".join(map(_show_sign, name))


def _show_sign(sign: str) -> str:
    number = ord(sign)
    if number in _BYTES:
        return f"\\x{number - 0xDC00:02x}"
    if sign == "\\":
        return "\\\\"
    if unicodedata.category(sign) not in _NOT_SHOWN:
        return sign
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(sign, f"\\u{{{number:x}}}")
