"""TOML → knowledge, refusing whatever is unknown, contradictory or dangling."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import KnowledgeError
from pipeline.knowledge import check
from pipeline.knowledge.condition_syntax import (
    condition_from,
    conditions_from,
    grade_steps_from,
    parse_precondition,
    parse_rule_comments,
)
from pipeline.knowledge.export_terms import Field, Layout, LookAlike, Material, Observation
from pipeline.knowledge.former_ids import list_former, rename_rules
from pipeline.knowledge.model import (
    Adjustment,
    AgeSpan,
    Agreement,
    Analyte,
    Artifact,
    Comment,
    Course,
    Derived,
    Inferred,
    Join,
    Knowledge,
    Limit,
    NothingFound,
    Notices,
    Panel,
    Population,
    Pregnancy,
    PriorityClass,
    Profile,
    Relation,
    Rule,
    Source,
    Stratum,
    Translation,
    Unit,
)
from pipeline.knowledge.rule_groups import CRITICAL, choose_critical_values, enable_groups
from pipeline.knowledge.strata import age_span_from
from pipeline.knowledge.toml_store import (
    LocatedEntry,
    TomlStore,
    nearest,
    read_entries,
    with_location,
)
from pipeline.knowledge.translate import check_words, join_comments
from pipeline.knowledge.variation import Comparison, Variation
from pipeline.knowledge.words import Phrases, Words, join_words, words_entry
from pipeline.knowledge.worklist import ClassOrder, ForInformation
from schemas.vocabulary import CriticalValues

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
    "relation": "id",
    "agreement": "id",
    "artifact": "id",
    "join": "id",
    "course": "id",
    "variation": "analyte",
    "comparison": "id",
    "inferred": "id",
    "pregnancy": "id",
    "notices": "id",
    "nothing_found": "id",
    "adjustment": "id",
    "priority": "rank",
    "order": "id",
    "for_information": "id",
    "population": "id",
    "source": "id",
    "comment": "id",
    "layout": "id",
    "observation": "id",
    "phrases": "id",
    "words": "language",
    "panel": "id",
    "profile": "id",
}


def load_knowledge(
    overlay: Path | None = None,
    profile: str = "default",
    *,
    groups: Collection[str] = (),
    critical_values: CriticalValues = "",
) -> Knowledge:
    """Load the clinical content that ships with labflag, and what a site lays over it.

    Titles and comments are those in English; `translate` puts others in their place. The version
    covers those of every language.

    Args:
        overlay: A folder of TOML files in the same form. An entry whose key is already taken
            must say `replaces = "<key>"`; everything else is added, as are the words of a
            language that has some.
        profile: Name of a profile in `profiles/`, or path of a profile file (ends in ".toml").
            Its entries take the place of those of the same id, and may be new.
        groups: Groups of rules to switch on, beside those of the profile.
        critical_values: What the site says of the critical values to telephone: see
            `choose_critical_values`.

    Raises:
        KnowledgeError: Something is unknown, missing, doubled, dangling or contradictory; the
            message names the file, the line, the entry and what to do.
    """
    if overlay is None and not profile.endswith(".toml"):
        return _load_shipped(profile, frozenset(groups), critical_values)
    return _load(overlay, profile, groups, critical_values)


@lru_cache(maxsize=16)
def _load_shipped(
    profile: str, groups: frozenset[str], critical_values: CriticalValues
) -> Knowledge:
    """Load what ships with labflag, once in a process: it does not change, nor does knowledge."""
    return _load(None, profile, groups, critical_values)


def _load(
    overlay: Path | None,
    profile: str,
    groups: Collection[str],
    critical_values: CriticalValues,
) -> Knowledge:
    store = TomlStore(_KEYS)
    store.read_folder(files("pipeline.knowledge"))
    if overlay is not None:
        if not overlay.is_dir():
            raise KnowledgeError(f"{overlay}: no such knowledge folder")
        own = TomlStore(_KEYS)
        own.read_folder(overlay)
        own.follow_renamed(_former_rules(store))
        store.lay_over(own)
    if profile.endswith(".toml"):
        path = Path(profile)
        store["profile"].pop(path.stem, None)
        profile = store.put_file("profile", path)
    return _assemble(store, profile, groups, critical_values)


def _former_rules(store: TomlStore) -> dict[str, str]:
    return list_former(placed.entry for placed in store["rule"].values())


def load_layout(path: Path) -> Layout:
    """Load one layout from a file of its own.

    Raises:
        KnowledgeError: The file cannot be read or is no layout.
    """
    table, text = read_entries(path)
    placed = LocatedEntry(entry=table, file=path.name, line=1, written=text)
    with with_location(placed):
        return _build(Layout, placed, id=path.stem)


def _assemble(
    store: TomlStore, profile: str, groups: Collection[str], critical_values: CriticalValues
) -> Knowledge:
    chosen = _take_profile(store, profile)

    def every(kind: str, build: Callable[[LocatedEntry], T]) -> dict[str, T]:
        return {str(key): _built(placed, build) for key, placed in store[kind].items()}

    translations = {
        language: Translation(
            comments=_comments(store.comments_in(language)), words=store.words[language]
        )
        for language in sorted(store.words)
    }
    check_words(translations)
    on = {*chosen.rule_groups, *groups, *([] if critical_values == "off" else [CRITICAL])}
    knowledge = Knowledge(
        version=_version_of(store, profile, on, critical_values),
        profile=chosen,
        analytes=every("analyte", lambda placed: _build(Analyte, placed)),
        look_alikes=tuple(every("look_alike", lambda p: _build(LookAlike, p)).values()),
        units=every("unit", lambda placed: _build(Unit, placed)),
        limits=every("limit", _limit),
        rules=check.in_order_of_evaluation(every("rule", _rule)),
        relations=tuple(every("relation", lambda placed: _build(Relation, placed)).values()),
        agreement=every("agreement", lambda placed: _build(Agreement, placed))["agreement"],
        derived=tuple(every("derived", lambda placed: _build(Derived, placed)).values()),
        artifacts=every("artifact", _artifact),
        join=every("join", lambda placed: _build(Join, placed))["join"],
        course=every("course", lambda placed: _build(Course, placed))["course"],
        variations=every("variation", lambda placed: _build(Variation, placed)),
        comparison=every("comparison", lambda p: _build(Comparison, p))["comparison"],
        inferred=every("inferred", _inferred),
        pregnancy=every("pregnancy", lambda placed: _build(Pregnancy, placed))["pregnancy"],
        notices=every("notices", lambda placed: _build(Notices, placed))["notices"],
        nothing_found=every("nothing_found", lambda placed: _build(NothingFound, placed))[
            "nothing_found"
        ],
        adjustments=tuple(every("adjustment", lambda p: _build(Adjustment, p)).values()),
        priorities=tuple(sorted(every("priority", _priority).values(), key=lambda item: item.rank)),
        orders=tuple(every("order", _order).values()),
        for_information=every("for_information", _for_information)["for_information"],
        populations=every("population", _population),
        sources=every("source", lambda placed: _build(Source, placed)),
        comments=join_comments(translations),
        translations=translations,
        fields=every("field", lambda placed: _build(Field, placed)),
        materials=every("material", lambda placed: _build(Material, placed)),
        layouts=every("layout", lambda placed: _build(Layout, placed)),
        observations=every("observation", lambda placed: _build(Observation, placed)),
        phrases=join_words(
            every("phrases", lambda placed: _build(Phrases, placed)), every("words", _words)
        ),
        panels=every("panel", lambda placed: _build(Panel, placed)),
    )
    check.check_knowledge(knowledge, store.entries)
    return choose_critical_values(enable_groups(knowledge, on), critical_values)


def _take_profile(store: TomlStore, profile: str) -> Profile:
    """Lay the entries of a profile over the others."""
    if profile not in store["profile"]:
        known = ", ".join(sorted(str(name) for name in store["profile"]))
        raise KnowledgeError(f"no profile named {profile!r}; there are: {known}, or FILE.toml")
    placed = store["profile"][profile]
    own = {kind: placed.entry[kind] for kind in _KEYS if kind in placed.entry}
    own = rename_rules(own, now := _former_rules(store))
    for rule in own.get("rule", []):
        rule["id"] = now.get(rule.get("id"), rule.get("id"))
    for limit in own.get("limit", []):
        name = limit.get("id")
        if name not in store["limit"] and repr(name) not in repr(own.get("rule", [])):
            hint = nearest(str(name), [str(key) for key in store["limit"]])
            with with_location(placed):
                raise KnowledgeError(f"profile {profile!r}: no limit named {name!r}{hint}")
    store.replace(own, placed.file, placed.written)
    rest = {key: value for key, value in placed.entry.items() if key not in own}
    return _built(replace(placed, entry=rest), lambda p: _build(Profile, p))


def _built(placed: LocatedEntry, build: Callable[[LocatedEntry], T]) -> T:
    with with_location(placed):
        return build(placed)


def _comments(entries: Mapping[object, LocatedEntry]) -> dict[str, Comment]:
    def build(placed: LocatedEntry) -> Comment:
        return _build(Comment, placed)

    return {str(key): _built(placed, build) for key, placed in entries.items()}


def _limit(placed: LocatedEntry) -> Limit:
    strata = tuple(
        _stratum(replace(placed, entry=entry), str(placed.entry.get("id")))
        for entry in placed.entry.get("strata", [])
    )
    return _build(Limit, placed, strata=strata)


def _stratum(placed: LocatedEntry, limit: str) -> Stratum:
    entry = dict(placed.entry)
    ages = age_span_from(entry, f"limit {limit!r}")
    try:
        return _build(Stratum, replace(placed, entry=entry), ages=ages)
    except KnowledgeError as error:
        raise KnowledgeError(f"limit {limit!r}: {error}") from error


def _rule(placed: LocatedEntry) -> Rule:
    entry = dict(placed.entry)
    where = f"rule {entry.get('id')!r}"
    same = entry.pop("same", "accession")
    if same != "accession":
        raise KnowledgeError(f'{where}: same = "accession" is the only join there is')
    built = {
        "grades": grade_steps_from(entry, where),
        "asked_if": parse_precondition(entry, where),
        "remarks": parse_rule_comments(entry, where),
        "when": condition_from(entry, where),
    }
    return _build(Rule, replace(placed, entry=entry), **built)


def _artifact(placed: LocatedEntry) -> Artifact:
    entry = dict(placed.entry)
    when = condition_from(entry, f"artifact {entry.get('id')!r}")
    return _build(Artifact, replace(placed, entry=entry), when=when)


def _inferred(placed: LocatedEntry) -> Inferred:
    entry = dict(placed.entry)
    when = condition_from(entry, f"inferred {entry.get('id')!r}")
    return _build(Inferred, replace(placed, entry=entry), when=when)


def _priority(placed: LocatedEntry) -> PriorityClass:
    entry = dict(placed.entry)
    where = f"priority {entry.get('rank')!r}"
    decided_here = {"any", "all"} & entry.keys()
    when = condition_from(entry, where) if decided_here else None
    return _build(PriorityClass, replace(placed, entry=entry), when=when)


def _order(placed: LocatedEntry) -> ClassOrder:
    return _with_conditions(ClassOrder, placed, "order", ("first", "by"))


def _for_information(placed: LocatedEntry) -> ForInformation:
    return _with_conditions(ForInformation, placed, "for_information", ("never", "when", "unless"))


def _with_conditions(kind: type[T], placed: LocatedEntry, name: str, keys: tuple[str, ...]) -> T:
    """Build an entry some of whose keys are lists of conditions."""
    entry = dict(placed.entry)
    where = f"{name} {entry.get('id')!r}"
    built = {key: conditions_from(entry, key, where) for key in keys}
    return _build(kind, replace(placed, entry=entry), **built)


def _population(placed: LocatedEntry) -> Population:
    entry = dict(placed.entry)
    ages: AgeSpan = age_span_from(entry, f"population {entry.get('id')!r}")
    return _build(Population, replace(placed, entry=entry), ages=ages)


def _words(placed: LocatedEntry) -> Words:
    return _build(Words, replace(placed, entry=words_entry(placed.entry)))


def _build(kind: type[T], placed: LocatedEntry, **built: object) -> T:
    """Make a value of a model class from an entry, with the parts that are already built."""
    entry = {**placed.entry, **built}
    known = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    name = next(filter(None, map(entry.get, ("id", "name", "ucum", "language"))), "")
    where = f"{kind.__name__.lower()} {name!r}" if name else f"a {kind.__name__.lower()}"
    for key in entry:
        if key not in known:
            raise KnowledgeError(f"{where}: unknown key {key!r}{nearest(key, known)}")
    try:
        return cast(T, _adapter(kind).validate_python(entry))
    except ValidationError as error:
        first = error.errors()[0]
        place = ", ".join(repr(part) for part in first["loc"])
        raise KnowledgeError(f"{where}: {place}: {first['msg']}") from error


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}
"""Made once for each kind; making them costs more than all the entries."""


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return _ADAPTERS.setdefault(kind, _ADAPTERS.get(kind) or TypeAdapter(kind))


def _version_of(
    store: TomlStore, profile: str, groups: Collection[str], critical_values: CriticalValues
) -> str:
    loaded = {
        kind: {str(key): placed.entry for key, placed in entries.items()}
        for kind, entries in store.entries.items()
        if kind != "profile"
    }
    content = [profile, sorted(groups), critical_values, loaded, store.words]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
