"""Counts with the right form of their noun: "1 result", "2,000 results"."""


def count_text(number: int, noun: str) -> str:
    """Write a count: "1 file", "2,000 files"."""
    return f"{number:,} {noun_for(number, noun)}"


def noun_for(number: int, noun: str) -> str:
    """Return the noun in the form that a number asks for."""
    return noun if number == 1 else f"{noun}s"
