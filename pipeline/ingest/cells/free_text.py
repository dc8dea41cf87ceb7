"""Running text: which observations it says, denies or leaves open. No denial becomes a yes."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pipeline.knowledge.check_observations import ON_A_SPECIMEN
from pipeline.knowledge.export_terms import Observation
from pipeline.knowledge.memo import cached_by_knowledge
from pipeline.knowledge.model import Knowledge
from pipeline.knowledge.name_key import fold_words
from pipeline.knowledge.words import any_word

Conventions = Literal["specimen", "person", "medications"]
"""What a text is about: a result and its film, a person, or what the person takes."""

_GROUPS = {
    "specimen": ON_A_SPECIMEN,
    "person": ("medication", "condition", "context"),
    "medications": ("medication", "condition", "context"),
}
_IN_TEXT = (
    *("yes", "no", "positive", "negative", "not-said", "neutral", "understood", "link"),
    *("denied-before", "denied-after", "ends-denial", "doubtful", "suspected", "tentative"),
    *("historical", "specimen", "analytical"),
)
"""Kinds of words that are looked for in running text."""
_UMLAUT = re.compile(r"(?<=[aou])e")
_TOKEN = re.compile(r"\w+")
_PREFIX = 3
_CLAUSE = re.compile(r"[;|\n\r!]+|(?<=\w{3})\.(?=\s|$)")
_NEAR = 4
"""Words behind a word among which its denial may stand."""
_REACH = 500
"""Characters before and behind a word that can bear on it: so reading takes no longer than the
text is long."""
_COUNT_BEHIND = re.compile(r"[\s:=(]*(\d+(?:[.,]\d+)?)\s*%?")
_COUNT_BEFORE = re.compile(r"(?<![\d.,<>])(\d+(?:[.,]\d+)?)\s*%\s*$")
_GRADED = re.compile(r"[\s:=(]*\+")


class Said(NamedTuple):
    """What a text says of one observation."""

    code: str
    answer: Literal["yes", "no", ""]
    """"" where it cannot be told."""


class _Word(NamedTuple):
    pattern: re.Pattern[str]
    observations: tuple[Observation, ...]
    needs_specimen: frozenset[str]
    """Observations that it says only beside a word for the specimen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeTextIndex:
    """Words and phrases, ready to be looked for."""

    words: Mapping[str, Sequence[_Word]]
    """First letters → words that begin so, longest first."""
    phrases: Mapping[str, re.Pattern[str]]
    denied_behind: re.Pattern[str]
    """A denial directly behind a word, over linking words."""
    observations: Mapping[str, Observation]
    affirmed_behind: re.Pattern[str]
    """A word that says yes, directly behind a word."""
    and_between: re.Pattern[str]
    or_between: re.Pattern[str]

    def find(self, clause: str) -> Iterator[tuple[int, int, tuple[Observation, ...]]]:
        """Find the words of a clause, of overlapping ones the first and longest."""
        done = 0
        for token in _TOKEN.finditer(clause):
            if token.start() < done:
                continue
            for word in self.words.get(token[0][:_PREFIX], ()):
                found = word.pattern.match(clause, token.start())
                meant = self._meant(word, clause, found) if found else ()
                if found and (meant or not word.observations):
                    done = found.end()
                    yield found.start(), done, meant
                    break

    def _meant(self, word: _Word, clause: str, found: re.Match[str]) -> tuple[Observation, ...]:
        """Give the observations that a word says where it stands."""
        if not word.needs_specimen:
            return word.observations
        start, end = found.span()
        before, after = clause[max(start - _REACH, 0) : start], clause[end : end + _REACH]
        beside = " ".join([*before.split()[-_NEAR:], found[0], *after.split()[:_NEAR]])
        is_said = bool(self.phrases["specimen"].search(beside))
        if is_said and not self.phrases["analytical"].search(beside):
            return word.observations
        return tuple(each for each in word.observations if each.id not in word.needs_specimen)


@cached_by_knowledge
def index_free_text(knowledge: Knowledge, conventions: Conventions) -> FreeTextIndex:
    """Prepare the words that count in texts of one kind."""
    meant: dict[str, list[Observation]] = {}
    beside: dict[str, set[str]] = {}
    # Taken first, so that the word within is not found: "erythro blasts" are no blasts.
    for word in knowledge.phrases["look-alike"].words:
        meant.setdefault(fold_text(word), [])
    for each in knowledge.observations.values():
        if each.group in _GROUPS[conventions]:
            extra = each.medication_words if conventions == "medications" else ()
            for word in (*each.words, *extra, *each.specimen_words):
                meant.setdefault(fold_text(word), []).append(each)
            for word in each.specimen_words:
                beside.setdefault(fold_text(word), set()).add(each.id)
    words: dict[str, list[_Word]] = {}
    for text in sorted(meant, key=len, reverse=True):
        first = _TOKEN.search(text)
        if first:
            needs = frozenset(beside.get(text, ()))
            found = _Word(re.compile(_pattern(text)), tuple(meant[text]), needs)
            words.setdefault(first[0][:_PREFIX], []).append(found)
    phrases = {name: _any_of(knowledge.phrases[name].words) for name in _IN_TEXT}
    both, either = (
        any_word(map(fold_words, knowledge.phrases[name].words)) for name in ("and", "or")
    )
    suspected = knowledge.phrases["suspected"].words
    affirmed = _any_of(set(knowledge.phrases["yes"].words) - set(suspected)).pattern
    link, denial = phrases["link"].pattern, phrases["denied-after"].pattern
    return FreeTextIndex(
        words=words,
        phrases=phrases,
        denied_behind=re.compile(rf"[\s:=(,–]*(?:(?:{link})\s+)*[\s:=(–]*(?:{denial})"),
        observations=knowledge.observations,
        affirmed_behind=re.compile(rf"[\s:=(]*(?:(?:{link})\s+)*(?:{affirmed})"),
        and_between=re.compile(rf"[,/]|\b{both}\b|&"),
        or_between=re.compile(rf"\b{either}\b"),
    )


def read_free_text(
    text: str, index: FreeTextIndex, *, by_analyzer: bool = False
) -> tuple[Said, ...]:
    """Say what a text says of each observation that it names.

    A denial reaches to the end of its clause, over "or" but not for certain over a comma or
    "and": there the text is left open. Clauses end at a full stop, a semicolon, a line, and at
    words such as "but". What is left open may say another observation (`if_suspected`, `queried`).

    Args:
        text: As received.
        index: Of `index_free_text`.
        by_analyzer: The text is a flag of an instrument, which suspects and has seen nothing.
    """
    said: dict[str, set[str]] = {}
    for clause in _clauses(text, index):
        for start, end, observations in index.find(clause):
            for each in observations:
                answer = _meaning(clause, start, end, each, index)
                said.setdefault(each.id, set()).add(answer)
    settled = {code: _resolve(said[code], index.observations[code]) for code in said}
    for code in [code for code, answer in settled.items() if not answer]:
        if instead := index.observations[code].if_suspected:
            del settled[code]
            settled[instead] = "yes"
    doubts = {code for code, answer in settled.items() if answer == "yes"}
    doubts &= {each.id for each in index.observations.values() if each.counts_if_suspected}
    general = {code for code in doubts if index.observations[code].only_unexplained}
    if doubts - general:
        settled = {code: answer for code, answer in settled.items() if code not in general}
    found = (
        _name_mention(index.observations[code], answer, by_analyzer)
        for code, answer in settled.items()
    )
    return tuple(dict.fromkeys(found))


def _name_mention(
    observation: Observation, answer: Literal["yes", "no", ""], by_analyzer: bool
) -> Said:
    """Give a mention under the name of what it says: seen, queried, or flagged by an analyzer."""
    if by_analyzer and observation.flagged and answer != "no":
        return Said(observation.flagged, "yes")
    if not answer and observation.queried:
        return Said(observation.queried, "yes")
    return Said(observation.id, answer)


def _resolve(answers: set[str], observation: Observation) -> Literal["yes", "no", ""]:
    """Make one answer of all that a text says of an observation."""
    if "yes" in answers and observation.queried:
        return "yes"
    if answers == {"no"}:
        return "no"
    if answers == {"yes"} or ("yes" in answers and observation.counts_if_suspected):
        return "yes"
    return ""


def _meaning(
    clause: str, start: int, end: int, observation: Observation, index: FreeTextIndex
) -> str:
    """Judge one word by what stands around it in its clause."""
    word = clause[start:end]
    before, after = clause[max(start - _REACH, 0) : start], clause[end : end + _REACH]
    ends = list(index.phrases["ends-denial"].finditer(before))
    before = before[ends[-1].end() :] if ends else before
    stop = index.phrases["ends-denial"].search(after)
    after = after[: stop.start()] if stop else after
    near = " ".join(after.split(",")[0].split()[:_NEAR])
    if observation.queried:
        return _find_urgent(before, after, near, observation, index)
    around = f"{before}{word} {near}"
    if observation.counts_if_suspected:
        # "Former" is a doubt of a word, and "too old" (trop ancien) a word.
        around = f"{index.phrases['tentative'].sub(' ', before)} {near}"
    if _has("doubtful", around, index):
        return ""
    denied = _is_denied(before, after, near, observation, index)
    if _has("suspected", _last_part(before), index) or _has("suspected", near, index):
        return "yes" if observation.counts_if_suspected else ""
    return denied


def _find_urgent(
    before: str, after: str, near: str, observation: Observation, index: FreeTextIndex
) -> str:
    """Judge a word that cannot wait: "" is no silence here, but a mention that is shown.

    What is counted or said to be seen is seen, whatever is suspected beside it.
    """
    count = _COUNT_BEHIND.match(after) or _COUNT_BEFORE.search(before)
    if observation.counted and count:
        return "yes" if float(count[1].replace(",", ".")) > 0 else "no"
    is_open = _has("suspected", _last_part(before), index) or _has("suspected", near, index)
    denied = _is_denied(before, after, near, observation, index)
    if denied == "no" and not is_open:
        return "no"
    if "?" not in near and (_GRADED.match(after) or index.affirmed_behind.match(after)):
        return "" if denied != "yes" else "yes"
    around = f"{_last_part(before)} {near}"
    if is_open or _has("historical", around, index) or _has("doubtful", around, index):
        return ""
    return denied


def _is_denied(
    before: str, after: str, near: str, observation: Observation, index: FreeTextIndex
) -> str:
    """Say "no" if a word is denied, "" if that cannot be told, else "yes"."""
    denials = list(index.phrases["denied-before"].finditer(before))
    if denials:
        between = before[denials[-1].end() :]
        if not index.and_between.search(between) or index.or_between.search(between):
            return "no"
        return "no" if index.or_between.search(near) else ""
    if index.denied_behind.match(after):
        return "no"
    denial = index.phrases["denied-after"].search(near)
    affirmed = index.phrases["yes"].search(near)
    if denial and not (affirmed and affirmed.start() < denial.start()):
        return "yes" if observation.counts_if_suspected else ""
    return "yes"


def _last_part(before: str) -> str:
    """Give what stands before a word since the last comma."""
    return before.rpartition(",")[2]


def _has(phrases: str, text: str, index: FreeTextIndex) -> bool:
    return bool(index.phrases[phrases].search(text))


def _clauses(text: str, index: FreeTextIndex) -> Iterator[str]:
    """Part a text into clauses; what ends in an opening word ("evtl.") goes on in the next."""
    opening = ""
    for part in _CLAUSE.split(text):
        clause = f"{opening} {fold_text(part)}".strip()
        last = [
            found
            for name in ("suspected", "denied-before")
            for found in index.phrases[name].finditer(clause)
            if found.end() == len(clause) and clause[-1:] != "?"
        ]
        is_short = len(clause) <= _REACH
        if last and is_short and not any(True for _ in index.find(clause)):
            opening = clause
            continue
        opening = ""
        yield clause


def fold_text(text: str) -> str:
    """Bring texts and words to one form: no capitals, no accents, no umlauts of two letters."""
    return _UMLAUT.sub("", fold_words(text.replace("’", "'")))


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Compile a pattern for any of some phrases, longest first."""
    patterns = [_pattern(word) for word in sorted(map(fold_text, words), key=len, reverse=True)]
    return re.compile("|".join(patterns))


def _pattern(folded: str) -> str:
    """Write the pattern of a phrase: whole words, a star for any ending, hyphens as spaces.

    A sign such as "-" counts only where nothing follows it, "?" wherever it stands.
    """
    if not _TOKEN.search(folded):
        return re.escape(folded) if folded == "?" else rf"{re.escape(folded)}\s*$"
    parts = [part for part in re.split(r"[\s-]+", folded) if part]
    body = r"[\s_-]*".join(re.escape(part).replace(r"\*", r"\w*") for part in parts)
    ahead = r"(?<!\w)" if folded[0].isalnum() else ""
    behind = r"(?!\w)" if folded[-1].isalnum() else ""
    if folded.isdigit():
        ahead, behind = r"(?<![\w.,-])", r"(?![\w.,%+-])"
    return ahead + body + behind
