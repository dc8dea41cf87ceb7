"""How a file was understood, in words and as plain data, for `labflag identify`."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from pipeline.ingest.dataset import Ingested
from pipeline.ingest.layout.dialect import Conventions
from schemas.vocabulary import IssueSeverity

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", "": ""}
_DECIMALS = {".": "point", ",": "comma", "": "not settled by any number in the file"}
_ORDERS = {
    "day-first": "day first",
    "month-first": "month first",
    "": "every date can be read in one way only",
}
_TWO_WAYS = "date-ambiguous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """One file: how its tables were read, and what stood in the way."""

    name: str
    table_conventions: tuple[Conventions, ...]
    problems: tuple[str, ...]
    """Problems of the file as a whole, as "code: sentence"."""
    held: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(Column, code) → rows that are held for it."""

    @property
    def is_readable(self) -> bool:
        """At least one table was recognized."""
        return bool(self.table_conventions)

    def as_json(self) -> dict[str, object]:
        """Everything as plain values."""
        return {
            "file": self.name,
            "tables": [
                {**asdict(conventions), "sex": dict(conventions.sex)}
                for conventions in self.table_conventions
            ],
            "problems": list(self.problems),
            "held": [
                {"column": column, "code": code, "rows": count}
                for (column, code), count in self.held.items()
            ],
        }

    def lines(self) -> Iterator[str]:
        """Everything in words, a fact a line."""
        yield self.name
        for conventions in self.table_conventions:
            yield from _convention_lines(conventions, self.held)
        for (column, code), count in self.held.items():
            rows = f"{count:,} row" if count == 1 else f"{count:,} rows"
            yield f"  {'held':<13} {rows}: {code}{f' ({column})' if column else ''}"
        if self.held:
            yield f"  {'':<13} `labflag check` says why and names the rows"
        for problem in self.problems:
            yield f"  {problem}"


def describe_conventions(ingested: Ingested) -> Identified:
    """Take from a file what says how it was understood."""
    of_file = ingested.issues[
        ingested.issues["row"].isna()
        & (ingested.issues["severity"].eq(IssueSeverity.ERROR) | ingested.issues["column"].eq(""))
    ]
    problems = dict.fromkeys(
        f"{code}: {message}"
        for code, message in of_file[["code", "message"]].itertuples(index=False)
    )
    of_rows = ingested.issues[
        ingested.issues["row"].notna() & ingested.issues["severity"].eq(IssueSeverity.ERROR)
    ].drop_duplicates(["sheet", "row", "column", "code"])
    return Identified(
        name=ingested.file.name,
        table_conventions=ingested.table_conventions,
        problems=tuple(problems),
        held=Counter(zip(of_rows["column"], of_rows["code"], strict=True)),
    )


def _convention_lines(
    conventions: Conventions, held: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    facts = {
        "sheet": conventions.sheet,
        "layout": f"{conventions.shape}, {conventions.layout or 'plain headers'}",
        "text": conventions.encoding,
        "delimiter": _DELIMITERS.get(conventions.delimiter, conventions.delimiter),
        "decimal sign": _DECIMALS[conventions.decimal],
        "header": f"row {conventions.header_row}",
        "ages": f"bare numbers are {conventions.age_unit}" if conventions.age_unit else "",
        "patients": f"all {conventions.population}s, as configured"
        if conventions.population
        else "",
    }
    for what, said in facts.items():
        if said:
            yield f"  {what:<13} {said}"
    for column, order in conventions.date_order.items():
        headers = [header for header, taken in conventions.columns.items() if taken == column]
        open_ = sum(held.get((header, _TWO_WAYS), 0) for header in headers)
        said = (
            f"day and month cannot be told apart in {open_:,} of the rows; write "
            'date_order = "day-first" or "month-first" into a layout or labflag.toml'
            if open_
            else _ORDERS[order]
        )
        yield f"  {'dates':<13} {', '.join(headers) or column}: {said}"
    width = max((len(header) for header in conventions.columns), default=0)
    for header, taken in conventions.columns.items():
        near = conventions.nearest.get(header, "")
        hint = f" (near to {near!r})" if near else ""
        yield f"  {'column':<13} {header:<{width}}  {taken}{hint}"
