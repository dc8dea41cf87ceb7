"""How a file was understood, in words and as plain data, for `labflag identify`."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from pipeline.ingest.dialect import Reading
from pipeline.ingest.intake import Ingested
from schemas.vocabulary import IssueSeverity

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "": ""}
_DECIMALS = {".": "point", ",": "comma", "": "not settled by any number in the file"}
_ORDERS = {
    "day-first": "day first",
    "month-first": "month first",
    "": "not needed, or not settled by any row",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """One file: how its tables were read, and what stood in the way."""

    name: str
    readings: tuple[Reading, ...]
    problems: tuple[str, ...]
    """Problems of the file as a whole, as "code: sentence"."""

    @property
    def is_readable(self) -> bool:
        """At least one table was recognized."""
        return bool(self.readings)

    def as_json(self) -> dict[str, object]:
        """Everything as plain values."""
        return {
            "file": self.name,
            "tables": [{**asdict(reading), "sex": dict(reading.sex)} for reading in self.readings],
            "problems": list(self.problems),
        }

    def lines(self) -> Iterator[str]:
        """Everything in words, a fact a line."""
        yield self.name
        for reading in self.readings:
            yield from _reading_lines(reading)
        for problem in self.problems:
            yield f"  {problem}"


def describe_reading(ingested: Ingested) -> Identified:
    """Take from a file what says how it was understood."""
    of_file = ingested.issues[
        ingested.issues["row"].isna()
        & (ingested.issues["severity"].eq(IssueSeverity.ERROR) | ingested.issues["column"].eq(""))
    ]
    problems = dict.fromkeys(
        f"{code}: {message}"
        for code, message in of_file[["code", "message"]].itertuples(index=False)
    )
    return Identified(name=ingested.file.name, readings=ingested.readings, problems=tuple(problems))


def _reading_lines(reading: Reading) -> Iterator[str]:
    facts = {
        "sheet": reading.sheet,
        "layout": f"{reading.shape}, {reading.layout or 'plain headers'}",
        "text": reading.encoding,
        "delimiter": _DELIMITERS.get(reading.delimiter, reading.delimiter),
        "decimal sign": _DECIMALS[reading.decimal],
        "header": f"row {reading.header_row}",
        "ages": f"bare numbers are {reading.age_unit}" if reading.age_unit else "",
        "patients": f"all {reading.population}s, as configured" if reading.population else "",
    }
    for what, said in facts.items():
        if said:
            yield f"  {what:<13} {said}"
    for column, order in reading.date_order.items():
        yield f"  {'dates':<13} {column}: {_ORDERS[order]}"
    width = max((len(header) for header in reading.columns), default=0)
    for header, taken in reading.columns.items():
        near = reading.nearest.get(header, "")
        hint = f" (near to {near!r})" if near else ""
        yield f"  {'column':<13} {header:<{width}}  {taken}{hint}"
