"""When two names are the same name, and two words the same word."""

import re
import unicodedata

_UMLAUTS = str.maketrans({"æ": "a", "œ": "o", "ø": "o", "ß": "ss"})
_TWO_LETTERS = re.compile(r"(?<=[aou])e")


def name_key(text: str) -> str:
    """Bring a name to the form in which names are compared: letters, digits, `#`, `%`, `&`.

    Capitals, spaces, punctuation and accents do not count, nor how an umlaut is written.

    >>> name_key("Hämoglobin *"), name_key("HAEM OGLOBIN:"), name_key("NEUT#")
    ('hamoglobin', 'hamoglobin', 'neut#')
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    plain = (c for c in unicodedata.normalize("NFD", folded) if c.isalnum() or c in "#%&")
    return _TWO_LETTERS.sub("", "".join(plain))


def fold_words(text: str) -> str:
    """Bring words to the form in which they are compared: no capitals, accents, extra space.

    >>> fold_words(" Größer  als ")
    'grosser als'
    """
    folded = unicodedata.normalize("NFD", text.casefold())
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())
