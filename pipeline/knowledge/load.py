"""TOML → knowledge, refusing whatever is unknown, contradictory or dangling."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import KnowledgeError
from pipeline.knowledge import check
from pipeline.knowledge.conditions import condition_from, grade_steps_from
from pipeline.knowledge.forms import (
    Field,
    Layout,
    LookAlike,
    Material,
    Observation,
    Phrases,
)
from pipeline.knowledge.model import (
    AgeSpan,
    Analyte,
    Comment,
    Derived,
    Knowledge,
    Limit,
    Population,
    PriorityClass,
    Profile,
    Rule,
    Source,
    Stratum,
    Unit,
)
from pipeline.knowledge.strata import age_span_from

Entry = dict[str, Any]
T = TypeVar("T")

# Key of each kind of entry: what an overlay replaces by, and what must not stand twice.
_KEYS = {
    "analyte": "id",
    "look_alike": "name",
    "unit": "ucum",
    "field": "name",
    "material": "id",
    "limit": "id",
    "rule": "id",
    "derived": "id",
    "priority": "rank",
    "population": "id",
    "source": "id",
    "comment": "id",
    "layout": "id",
    "observation": "id",
    "phrases": "id",
    "profile": "id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """An entry as written, and the file it stands in."""

    entry: Entry
    file: str


def load_knowledge(overlay: Path | None = None, profile: str = "default") -> Knowledge:
    """Load the clinical content that ships with labflag, and what a site lays over it.

    Args:
        overlay: A folder of TOML files in the same form. An entry whose key is already taken
            must say `replaces = "<key>"`; everything else is added.
        profile: Name of a profile in `profiles/`.

    Raises:
        KnowledgeError: Something is unknown, missing, doubled, dangling or contradictory; the
            message names the file, the entry and what to do.
    """
    shelf = _read_folder(files("pipeline.knowledge"), profile)
    if overlay is not None:
        if not overlay.is_dir():
            raise KnowledgeError(f"{overlay}: no such knowledge folder")
        _lay_over(shelf, _read_folder(overlay, profile))
    return _assemble(shelf, profile)


def load_layout(path: Path) -> Layout:
    """Load one layout from a file of its own.

    Raises:
        KnowledgeError: The file cannot be read or is no layout.
    """
    return _build(Layout, _Placed(entry=_read_toml(path), file=path.name), id=path.stem)


def _read_folder(folder: Traversable | Path, profile: str) -> dict[str, dict[object, _Placed]]:
    shelf: dict[str, dict[object, _Placed]] = {kind: {} for kind in _KEYS}
    for path in sorted(folder.iterdir(), key=lambda item: item.name):
        if path.name.endswith(".toml"):
            for kind, entries in _read_toml(path).items():
                _shelve(shelf, kind, entries, path.name)
    for kind, subfolder in (("layout", "layouts"), ("profile", "profiles")):
        for path in _toml_files(folder / subfolder):
            table = _read_toml(path)
            limits = table.pop("limit", []) if kind == "profile" else []
            stem = path.name.removesuffix(".toml")
            _shelve(shelf, kind, [{"id": stem, **table}], path.name)
            if stem == profile:
                replacing = {entry["id"]: _Placed(entry=entry, file=path.name) for entry in limits}
                shelf["limit"].update(replacing)
    for path in _toml_files(folder / "comments"):
        if path.name == "en.toml":
            _shelve(shelf, "comment", _read_toml(path).get("comment", []), path.name)
    return shelf


def _toml_files(folder: Traversable | Path) -> list[Any]:
    if not folder.is_dir():
        return []
    return sorted(
        (path for path in folder.iterdir() if path.name.endswith(".toml")),
        key=lambda item: item.name,
    )


def _read_toml(path: Traversable | Path) -> Entry:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise KnowledgeError(f"{path.name}: cannot be read as TOML: {error}") from error


def _shelve(shelf: dict[str, dict[object, _Placed]], kind: str, entries: Any, file: str) -> None:
    if kind not in _KEYS:
        raise KnowledgeError(f"{file}: unknown kind of entry {kind!r}{_nearest(kind, _KEYS)}")
    if not isinstance(entries, list):
        raise KnowledgeError(f"{file}: {kind!r} must be written as [[{kind}]]")
    for entry in entries:
        key = entry.get(_KEYS[kind])
        if key is None:
            raise KnowledgeError(f"{file}: a [[{kind}]] has no {_KEYS[kind]!r}")
        if key in shelf[kind]:
            raise KnowledgeError(f"{file}: [[{kind}]] {key!r} stands twice")
        shelf[kind][key] = _Placed(entry=entry, file=file)


def _lay_over(
    shelf: dict[str, dict[object, _Placed]], overlay: dict[str, dict[object, _Placed]]
) -> None:
    for kind, entries in overlay.items():
        for key, placed in entries.items():
            replaces = placed.entry.pop("replaces", None)
            taken = key in shelf[kind]
            if replaces is not None and (replaces != key or not taken):
                raise KnowledgeError(
                    f"{placed.file}: [[{kind}]] {key!r} replaces {replaces!r}, which is not there"
                )
            if taken and replaces is None:
                raise KnowledgeError(
                    f"{placed.file}: [[{kind}]] {key!r} is already known; "
                    f'say replaces = "{key}" if it is meant to replace it'
                )
            shelf[kind][key] = placed


def _assemble(shelf: dict[str, dict[object, _Placed]], profile: str) -> Knowledge:
    if profile not in shelf["profile"]:
        known = ", ".join(sorted(str(name) for name in shelf["profile"]))
        raise KnowledgeError(f"no profile named {profile!r}; there are: {known}")

    def every(kind: str, build: Callable[[_Placed], T]) -> dict[str, T]:
        return {str(key): build(placed) for key, placed in shelf[kind].items()}

    analytes = every("analyte", lambda placed: _build(Analyte, placed))
    knowledge = Knowledge(
        version=_version_of(shelf, profile),
        profile=_build(Profile, shelf["profile"][profile]),
        analytes=analytes,
        look_alikes=tuple(every("look_alike", lambda p: _build(LookAlike, p)).values()),
        units=every("unit", lambda placed: _build(Unit, placed)),
        limits=every("limit", _limit),
        rules=check.in_order_of_evaluation(every("rule", _rule)),
        derived=tuple(every("derived", lambda placed: _build(Derived, placed)).values()),
        priorities=tuple(sorted(every("priority", _priority).values(), key=lambda item: item.rank)),
        populations=every("population", _population),
        sources=every("source", lambda placed: _build(Source, placed)),
        comments=every("comment", lambda placed: _build(Comment, placed)),
        fields=every("field", lambda placed: _build(Field, placed)),
        materials=every("material", lambda placed: _build(Material, placed)),
        layouts=every("layout", lambda placed: _build(Layout, placed)),
        observations=every("observation", lambda placed: _build(Observation, placed)),
        phrases=every("phrases", lambda placed: _build(Phrases, placed)),
    )
    check.check_knowledge(knowledge)
    return knowledge


def _limit(placed: _Placed) -> Limit:
    strata = tuple(
        _stratum(_Placed(entry=entry, file=placed.file), str(placed.entry.get("id")))
        for entry in placed.entry.get("strata", [])
    )
    return _build(Limit, placed, strata=strata)


def _stratum(placed: _Placed, limit: str) -> Stratum:
    entry = dict(placed.entry)
    ages = age_span_from(entry, f"{placed.file}: limit {limit!r}")
    return _build(Stratum, _Placed(entry=entry, file=placed.file), ages=ages)


def _rule(placed: _Placed) -> Rule:
    entry = dict(placed.entry)
    where = f"{placed.file}: rule {entry.get('id')!r}"
    same = entry.pop("same", "accession")
    if same != "accession":
        raise KnowledgeError(f'{where}: same = "accession" is the only join there is')
    grades = grade_steps_from(entry, where)
    when = condition_from(entry, where)
    return _build(Rule, _Placed(entry=entry, file=placed.file), when=when, grades=grades)


def _priority(placed: _Placed) -> PriorityClass:
    entry = dict(placed.entry)
    where = f"{placed.file}: priority {entry.get('rank')!r}"
    decided_here = {"any", "all"} & entry.keys()
    when = condition_from(entry, where) if decided_here else None
    return _build(PriorityClass, _Placed(entry=entry, file=placed.file), when=when)


def _population(placed: _Placed) -> Population:
    entry = dict(placed.entry)
    ages: AgeSpan = age_span_from(entry, f"{placed.file}: population {entry.get('id')!r}")
    return _build(Population, _Placed(entry=entry, file=placed.file), ages=ages)


def _build(kind: type[T], placed: _Placed, **built: object) -> T:
    """Make a value of a model class from an entry, with the parts that are already built."""
    entry = {**placed.entry, **built}
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    name = entry.get("id") or entry.get("name") or entry.get("ucum") or ""
    where = f"{placed.file}: {kind.__name__.lower()} {name!r}"
    for key in entry:
        if key not in known:
            raise KnowledgeError(f"{where}: unknown key {key!r}{_nearest(key, known)}")
    try:
        return TypeAdapter(kind).validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise KnowledgeError(f"{where}: {place}: {first['msg']}") from error


def _nearest(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _version_of(shelf: Mapping[str, Mapping[object, _Placed]], profile: str) -> str:
    loaded = {
        kind: {str(key): placed.entry for key, placed in entries.items()}
        for kind, entries in shelf.items()
        if kind != "profile"
    }
    text = json.dumps([profile, loaded], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
