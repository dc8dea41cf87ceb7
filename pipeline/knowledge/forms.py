"""What is known of the exports themselves: headers, layouts, materials, look-alike names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.vocabulary import Sex


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlike:
    """A name that resembles an analyte of ours and is something else: ignored on purpose."""

    name: str
    is_really: str
    at: Literal["", "start", "end", "word"] = ""
    """Where a name shows it: "" if it is the whole name, else what is not ours itself is
    explained by how it begins, how it ends, or a word in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Words by which exports say what a specimen or a record is."""

    id: str
    kind: Literal["blood", "other", "control", "animal"]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column of the Export table and the headers under which it arrives."""

    name: str
    headers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutColumn:
    """A column of a wide export that holds an analyte."""

    header: str
    analyte: str
    unit: str = ""
    """As written; "" if the header itself says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one kind of export is to be read, where plain headers do not say it all."""

    id: str
    title: str
    requires: tuple[str, ...]
    """Headers that must all be there for the layout to be recognized."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Header → column of Export."""
    analytes: tuple[LayoutColumn, ...] = ()
    sex: Mapping[str, Sex] = field(default_factory=dict)
    """What the export writes → sex; needed for 0/1 and 1/2."""
    age_unit: Literal["", "years", "months", "days"] = ""
    """Unit of ages written as bare numbers."""
    date_order: Literal["", "day-first", "month-first"] = ""
    decimal: Literal["", ".", ","] = ""
    encoding: str = ""
    population: Literal["", "adult"] = ""
    row_is_patient: bool = False
    """Rows without a patient id are patients of their own."""
    species: str = "human"
    """Anything but human is refused: all limits are of people."""
    not_results: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Header → cell texts that mark rows which are no patient results (blanks, controls)."""
