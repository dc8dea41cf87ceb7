"""Names of analytes as exports write them: which analyte is meant, if any of ours."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from pipeline.ingest.cells.units import UnitIndex, index_units, unit_key, unit_of
from pipeline.ingest.layout.look_alikes import LookAlikes, index_look_alikes, words_of
from pipeline.ingest.layout.qualified_names import Qualified, index_qualified, qualified_analyte
from pipeline.knowledge.check_observations import AS_RESULTS, IN_WORDS, columns_of, names_of
from pipeline.knowledge.export_terms import LookAlike
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Analyte, Knowledge
from pipeline.knowledge.name_key import name_key
from pipeline.knowledge.words import WordKind

NOT_OURS = "analyte-unknown"
"""Code of a name that is left out on purpose; every other code sets the result aside."""
_UNLISTED = "analyte-unlisted"

_SAID_AS_RESULTS = (*AS_RESULTS, "context")
"""Groups of observations that arrive as results; a medication of that name is a drug level."""
LONGEST_NAME = 300
"""Longer texts are no names of results; every part of a name is looked at, which takes time."""
_NEAR = 0.85
_SHORTEST_NEAR = 4
"""Names of two or three letters are all near to each other."""

_MOST_NAMED = 12
_LONGEST_NAME, _MOST_WORDS = 40, 5
# Sentences, dates, numbers of persons and specimens, addresses.
_FREE_TEXT = re.compile(r"[.!?:]\s+\S+\s+\S|[?!@]|[0-9]{5}|[0-9]+[./-][0-9]+[./-][0-9]{2}")
_PARTS = re.compile(r"[()\[\],;/|]|\s[-–]\s")
_LOINC = re.compile(r"(?:LOINC[\s:]*)?(\d{1,7}-\d)", re.IGNORECASE)


class HeaderParts(NamedTuple):
    """A header taken apart."""

    name: str
    unit: str
    """As written; "" if the header names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What a name was taken for."""

    analyte: str = ""
    """Analyte id; "" if none."""
    unit: str = ""
    """Unit that stood in the name itself, as written."""
    code: str = ""
    """"" if recognized, `NOT_OURS`, or the code of the issue that sets the result aside."""
    nearest: str = ""
    """A known name that comes near, where the name is not known."""

    @property
    def is_supported(self) -> bool:
        """The name means one analyte of ours."""
        return not self.code

    @property
    def is_ignored(self) -> bool:
        """The name means something that labflag does not use."""
        return self.code == NOT_OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class NameIndex:
    """Names, LOINC codes and look-alikes, ready to be looked up."""

    analytes: Mapping[str, Analyte]
    names: Mapping[str, str]
    """Key → the analyte that it means, whatever the unit."""
    names_with_unit: Mapping[str, tuple[str, ...]]
    """Key → analytes that it may mean, decided by the unit."""
    loinc: Mapping[str, str]
    look_alikes: LookAlikes
    said: Mapping[str, str]
    """Key → the observation that a qualitative result of this name answers, or its scale."""
    written: Mapping[str, str]
    """Key → the name as a person writes it."""
    words: Mapping[str, tuple[str, ...]]
    """Key → the keys of its words."""
    units: UnitIndex
    qualified: tuple[Qualified, ...]
    """Analytes that stand for another with a word more: "WBC corrected"."""
    unlisted_units: frozenset[str]
    """UCUM codes of blood counts: what carries one and is not known is held."""
    other_fluids: frozenset[str]
    """Words that say that something was not measured in blood, without capitals."""
    about_results: frozenset[str]
    """Keys of the words of columns that say something about a result and hold none."""
    before_unit: frozenset[str]
    """Words between a name and its unit, without capitals."""

    def claimants(self, text: str) -> tuple[str, ...]:
        """Analytes that a name may mean, before the unit decides."""
        key = name_key(text)
        if key in self.names_with_unit:
            return self.names_with_unit[key]
        if key in self.names:
            return (self.names[key],)
        words = words_of(text)
        qualified = qualified_analyte(words, self.names, self.names_with_unit, self.qualified)
        return (qualified,) if qualified else ()

    def accepting(self, claimants: tuple[str, ...], unit: str) -> tuple[str, ...]:
        """Those of some analytes that accept a unit."""
        return tuple(a for a in claimants if unit_of(unit, self.analytes[a], self.units))


@cached_by_knowledge
def index_names(knowledge: Knowledge) -> NameIndex:
    """Prepare the names of `knowledge.analytes` and `knowledge.look_alikes`.

    An analyte's id is a name of it, unless the unit has to decide ("neutrophils").
    """
    written: dict[str, str] = {}
    with_unit: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for analyte in knowledge.analytes.values():
        for name in analyte.names_with_unit:
            written.setdefault(name_key(name), name)
            with_unit.setdefault(name_key(name), []).append(analyte.id)
    for analyte in knowledge.analytes.values():
        for name in (*analyte.names, analyte.id):
            if name_key(name) not in with_unit:
                written.setdefault(name_key(name), name)
                names.setdefault(name_key(name), analyte.id)
    return NameIndex(
        analytes=knowledge.analytes,
        names=names,
        names_with_unit={key: tuple(ids) for key, ids in with_unit.items()},
        loinc={code: a.id for a in knowledge.analytes.values() for code in a.loinc},
        look_alikes=index_look_alikes((*knowledge.look_alikes, *_observation_names(knowledge))),
        said=_index_observations(knowledge),
        written=written,
        words={key: words_of(name) for key, name in written.items()},
        units=index_units(knowledge),
        qualified=index_qualified(knowledge),
        unlisted_units=frozenset(
            each.ucum for each in knowledge.units.values() if each.is_of_blood_count
        ),
        other_fluids=_words(knowledge, "other-fluid", str.casefold),
        about_results=_words(knowledge, "about-a-result", name_key),
        before_unit=_words(knowledge, "unit-in", str.casefold),
    )


def _words(knowledge: Knowledge, kind: WordKind, fold: Callable[[str], str]) -> frozenset[str]:
    return frozenset(map(fold, knowledge.phrases[kind].words))


def _index_observations(knowledge: Knowledge) -> dict[str, str]:
    """Give the keys under which results in words arrive; an antibody may carry its unit."""
    said: dict[str, str] = {}
    for each in knowledge.observations.values():
        if each.group in _SAID_AS_RESULTS:
            units = each.unit_words if each.group in IN_WORDS else ()
            for code, names in columns_of(each).items():
                said |= {name_key(name + unit): code for name in names for unit in ("", *units)}
    return said


def _observation_names(knowledge: Knowledge) -> Iterator[LookAlike]:
    """Give the names of film words and the like: no names of numbers, whatever they resemble."""
    for each in knowledge.observations.values():
        if each.group in AS_RESULTS:
            for name in names_of(each):
                yield LookAlike(name=name, is_really="said in words")


def split_header(text: str, index: NameIndex) -> HeaderParts:
    """Part a header such as `Hemoglobin (g/dL)`, `HGB g/dl` or `HGB_g_dL` into name and unit.

    A split counts if the name may mean an analyte that accepts the unit. Else the last brackets
    count if they hold what looks like a unit, so that a wrong one is seen to be wrong.
    """
    text = " ".join(text.split()).rstrip("*^: ")
    if len(text) > LONGEST_NAME:
        return HeaderParts(text, "")
    bracket = _last_bracket(text)
    for parts in (bracket, *_tails(text, index), *_quotients(text)):
        if parts.unit and index.accepting(index.claimants(parts.name), parts.unit):
            return parts
    if index.claimants(text) or name_key(text) in index.look_alikes.whole:
        return HeaderParts(text, "")
    is_unit = index.units.knows(bracket.unit) or re.search("[/%^]", bracket.unit)
    if is_unit and index.claimants(bracket.name):
        return bracket
    return HeaderParts(text, "")


def analyte_of(name: str, unit: str, loinc: str, index: NameIndex) -> Recognition:
    """Say which analyte a name, a unit and a LOINC code mean together.

    Args:
        name: As written in the analyte column or in a header; it may hold its unit.
        unit: Unit beside the result or in its cell, as written; "" if none.
        loinc: LOINC code; "" or a code of another system if none.
        index: All that can be recognized.

    Returns:
        The analyte or observation, or a code: `NOT_OURS`, `analyte-missing`, `analyte-unclear`,
        `analyte-unlisted`, `analyte-contradiction`, `loinc-unknown`, and for names that need
        their unit `unit-missing` or `unit-not-accepted`.
    """
    matched = _LOINC.fullmatch(loinc.strip())
    if not (matched and matched[1] in index.loinc) and name_key(name) in index.said:
        return Recognition(analyte=index.said[name_key(name)])
    by_code = index.loinc.get(matched[1], "") if matched else ""
    by_name = _by_name(name, unit, by_code, index)
    if by_code:
        if by_name.analyte == by_code or by_name.code in (
            "analyte-missing",
            "analyte-unclear",
            _UNLISTED,
        ):
            return Recognition(analyte=by_code, unit=by_name.unit)
        if by_name.is_ignored and not _is_something_else(name[:LONGEST_NAME], index):
            return Recognition(analyte=by_code)
        return Recognition(code="analyte-contradiction")
    if matched and by_name.is_supported:
        return Recognition(code="loinc-unknown")
    if matched and by_name.code == "analyte-missing":
        return Recognition(code=NOT_OURS)
    return by_name


def _by_name(name: str, unit: str, by_code: str, index: NameIndex) -> Recognition:
    """Recognize by name and unit; `by_code` settles what the unit leaves open."""
    if not name_key(name):
        return Recognition(code="analyte-missing")
    if len(name) > LONGEST_NAME:
        return Recognition(code=_UNLISTED if _counts_cells(unit, index) else NOT_OURS)
    if _is_something_else(name, index):
        return Recognition(code=NOT_OURS)
    parts = split_header(name, index)
    claimants = index.claimants(parts.name) or _of_all_parts(parts.name, index)
    unit = unit or parts.unit
    if not claimants:
        near = _near(name, unit, index)
        if near.is_ignored and not near.nearest and _counts_cells(unit, index):
            return Recognition(code=_UNLISTED)
        return Recognition(code=near.code, nearest="" if near.is_ignored else near.nearest)
    if by_code and by_code not in claimants:
        return Recognition(code="analyte-contradiction")
    if name_key(parts.name) in index.names_with_unit:
        accepting = index.accepting(claimants, unit)
        if by_code:
            return Recognition(analyte=by_code, unit=parts.unit)
        if len(accepting) != 1:
            code = "analyte-unclear" if accepting else "unit-not-accepted"
            return Recognition(code=code if unit else "unit-missing")
        claimants = accepting
    return Recognition(analyte=claimants[0], unit=parts.unit)


def _is_something_else(name: str, index: NameIndex) -> bool:
    """A known look-alike, or a substance measured elsewhere than in blood."""
    words = re.split(r"[\W_\d]+", name.casefold())
    if name_key(name) in index.look_alikes.whole or not index.other_fluids.isdisjoint(words):
        return True
    if index.claimants(split_header(name, index).name):
        return False
    bare = (name, _last_bracket(name.strip()).name, _without_unit(name, index))
    return any(map(index.look_alikes.fits, dict.fromkeys(bare)))


def _of_all_parts(name: str, index: NameIndex) -> tuple[str, ...]:
    """Take `Haemoglobin (Hb)` for an analyte if all its parts mean the same one."""
    parts = [part for part in _PARTS.split(name) if part.strip()]
    meant = {index.claimants(part) for part in parts}
    claimants = next(iter(meant), ())
    return claimants if len(parts) > 1 and len(meant) == 1 and len(claimants) == 1 else ()


def _near(name: str, unit: str, index: NameIndex) -> Recognition:
    """Tell a name that is nearly ours, or ours with words that are not, from a foreign one."""
    for text in dict.fromkeys((name, _without_unit(name, index))):
        key = name_key(text)
        nearest, likeness = _nearest(key, index.written)
        _, otherwise = _nearest(key, index.look_alikes.whole)
        if otherwise >= max(likeness, _NEAR):
            return Recognition(code=NOT_OURS, nearest=text)
        if len(key) >= _SHORTEST_NEAR and likeness >= _NEAR:
            return Recognition(code="analyte-unclear", nearest=index.written[nearest])
    first = name_key(re.split(r"[(\[,;]", name)[0])
    if first == name_key(name) or first not in index.written:
        first = _part_of_supported(_without_unit(name, index), unit, index)
    if first:
        return Recognition(code="analyte-unclear", nearest=index.written[first])
    return Recognition(code=NOT_OURS)


def _counts_cells(unit: str, index: NameIndex) -> bool:
    """Whether a unit is one in which blood counts are reported, and hardly anything else."""
    key = unit_key(unit)
    codes = index.units.exact.get(key) or index.units.any_case.get(key.casefold()) or frozenset()
    return bool(codes) and codes <= index.unlisted_units


def _without_unit(name: str, index: NameIndex) -> str:
    """Take off what looks like a unit behind a name, whatever the name is."""
    bracket = _last_bracket(name.strip())
    for parts in (bracket, *_tails(name, index)):
        if parts.unit and parts.name and index.units.knows(parts.unit):
            return parts.name
    return name


def _part_of_supported(name: str, unit: str, index: NameIndex) -> str:
    """Find the key of the longest name of ours that whole words of a name make up; else "".

    A look-alike that holds the words of ours explains them ("Hemoglobin A1c, total"). Names
    that need their unit are too short to count without it ("Mo", "BA"). A lone word may also
    cut a name short ("Plaq."), and a name may leave out words in the middle ("White count").
    """
    words = words_of(name)
    if not index.about_results.isdisjoint(words):
        return ""
    runs = {
        (at, end): name_key("".join(words[at:end]))
        for at in range(len(words))
        for end in range(at + 1, len(words) + 1)
    }
    ours = {at for at, key in runs.items() if _counts_alone(key, unit, index)}
    others = [at for at, key in runs.items() if key in index.look_alikes.whole]
    if any(low <= at and end <= high for low, high in others for at, end in ours):
        return ""
    if ours:
        return max((runs[at] for at in sorted(ours)), key=len)
    shortened = [key for key, known in index.words.items() if _shortens(words, known)]
    # "Serum" begins "Serumfolat" and means no more than itself.
    is_cut = len(words) > 1 or len(shortened) > 1 or name.rstrip().endswith(".")
    return shortened[0] if shortened and is_cut else ""


def _counts_alone(key: str, unit: str, index: NameIndex) -> bool:
    """Whether a name among other words means ours."""
    if key not in index.names_with_unit:
        return key in index.names
    is_long = len(key) >= _SHORTEST_NEAR
    return is_long or bool(index.accepting(index.names_with_unit[key], unit))


def _shortens(words: tuple[str, ...], known: tuple[str, ...]) -> bool:
    """Whether words are a known name cut short, or without some of its inner words."""
    if len(words) == 1 == len(known):
        return len(words[0]) >= _SHORTEST_NEAR and known[0].startswith(words[0])
    if not 1 < len(words) < len(known) or (words[0], words[-1]) != (known[0], known[-1]):
        return False
    rest = iter(known)
    return all(word in rest for word in words)


def list_unsupported(names: Mapping[str, int], never: Iterable[str]) -> str:
    """List names of analytes that are not ours, each with its count, the commonest first.

    Args:
        names: Name as written → results that carry it.
        never: Names and ids of patients; a name that shares a word with one is not shown.

    Returns:
        At most a dozen names, then "and N more"; what reads like free text is counted only.
    """
    counts: Counter[str] = Counter()
    for name, count in names.items():
        counts[" ".join(name.split())] += count
    hidden = {word for text in never for word in words_of(text)}
    shown = [
        f"{name} {count}"
        for name, count in counts.most_common()
        if _is_name_of_test(name) and hidden.isdisjoint(words_of(name))
    ][:_MOST_NAMED]
    more = len(counts) - len(shown)
    if not shown:
        return ""
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _is_name_of_test(text: str) -> bool:
    """Whether a text is short and plain enough to be a name of a test."""
    return (
        text.isprintable()
        and len(text) <= _LONGEST_NAME
        and len(text.split()) <= _MOST_WORDS
        and any(c.isalpha() for c in text)
        and not _FREE_TEXT.search(text)
    )


def _nearest(key: str, known: Mapping[str, str] | frozenset[str]) -> tuple[str, float]:
    """Find the known key that is most like another, and how like it is; ("", 0) if none is."""
    best, likeness = "", 0.0
    matcher = SequenceMatcher(b=key, autojunk=False)
    for candidate in sorted(known):
        matcher.set_seq1(candidate)
        floor = max(likeness, _NEAR - 1e-9)
        if matcher.real_quick_ratio() > floor and matcher.quick_ratio() > floor:
            ratio = matcher.ratio()
            if ratio > floor:
                best, likeness = candidate, ratio
    return best, likeness


def _last_bracket(text: str) -> HeaderParts:
    """Take the last pair of brackets for the unit; brackets may stand within them."""
    pairs = {")": "(", "]": "["}
    if not text or text[-1] not in pairs:
        return HeaderParts(text, "")
    close, open_, depth = text[-1], pairs[text[-1]], 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == close) - (text[at] == open_)
        if not depth:
            return HeaderParts(text[:at].strip(), text[at + 1 : -1].strip())
    return HeaderParts(text, "")


def _tails(text: str, index: NameIndex) -> Iterator[HeaderParts]:
    """Give every way to take the last words for the unit, shortest first.

    Underscores stand for spaces, slashes and powers: `WBC_10_9_L`, `b12_pg_ml`.
    """
    words = [word for word in re.split(r"[\s_]+|,\s", text) if word]
    for at in range(len(words) - 1, 0, -1):
        name, tail = " ".join(words[:at]), words[at:]
        yield HeaderParts(name, " ".join(tail))
        if at > 1 and words[at - 1].casefold() in index.before_unit:
            yield HeaderParts(" ".join(words[: at - 1]), " ".join(tail))
        if "_" in text:
            steps = [word for word in tail if word.casefold() != "per"]
            if steps[:1] == ["10"] and len(steps) > 1:
                steps = [f"10^{steps[1]}", *steps[2:]]
            yield HeaderParts(name, "/".join(steps))


def _quotients(text: str) -> Iterator[HeaderParts]:
    """Take what follows the first stroke for the unit: `WBC/uL`, `Hb/g/dL`."""
    name, stroke, rest = text.partition("/")
    if stroke and name.strip() and rest.strip():
        yield HeaderParts(name.strip(), f"/{rest.strip()}")
        yield HeaderParts(name.strip(), rest.strip())
