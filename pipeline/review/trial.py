"""Cases tried against the rules: which hold, which do not, which do not apply."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pandas as pd

from pipeline.errors import KnowledgeError
from pipeline.interpret import interpret_results
from pipeline.interpret.joined_evidence import join_evidence
from pipeline.knowledge.check import rules_in
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import Knowledge, Limit, Rule
from pipeline.knowledge.rule_groups import EVERY
from pipeline.review.case_tables import ANSWERS, CaseTables, tables_of
from pipeline.review.cases import (
    ARTIFACTS,
    FOLDER,
    NAMED_FOR_NO_RULE,
    PRIORITY,
    CaseFile,
    CaseLine,
    accession_of,
    check_columns,
    number_lines,
    patient_of,
    read_case_folder,
)
from schemas import Evidence, Findings
from schemas.joined_codes import join_codes, split_codes
from schemas.vocabulary import Outcome

_DEFAULT = "default"
_SAID = tuple(answer for answer in ANSWERS if answer not in ("no-comment", *NAMED_FOR_NO_RULE))
_NOT_ASKED = "-"
"""Stands for the answer of a line that is only there for the others of its patient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A line whose answer is not the one that the rule gives."""

    file: str
    line: int
    answer: str
    """Column of the answer: "outcome", "limit", …"""
    expected: str
    found: str
    given: str
    """The inputs of the line in words. Cases are made up: this may be printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of the cases of one rule."""

    rule: str
    passed: int
    failures: tuple[Failure, ...] = ()
    not_tried: str = ""
    """Why no case was tried; "" if some were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """Case files as tables, ready to be asked."""

    cases: tuple[CaseFile, ...]
    tables: CaseTables


@dataclass(frozen=True, slots=True, kw_only=True)
class _CaseFiles:
    """Case files, and the knowledge that they were written for."""

    cases: Mapping[str, CaseFile]
    knowledge: Knowledge


def try_rules(overlay: Path | None = None, profile: str = _DEFAULT) -> tuple[Trial, ...]:
    """Try the cases of every rule that gives findings, shadow rules too.

    Of each rule the first that is there: cases of the overlay for this profile, those of the
    overlay, those that ship for this profile, those that ship. Cases are tried only if the rule
    means what it meant where they were written: a profile with other limits needs its own.

    Rules that are switched off are tried too.

    Raises:
        KnowledgeError: The knowledge or a case file is invalid.
    """
    knowledge = load_knowledge(overlay, profile, groups=EVERY)
    chosen = _choose(overlay, profile, knowledge)
    applying = [file for file in chosen.values() if isinstance(file, CaseFile)]
    tried = {trial.rule: trial for trial in try_cases(applying, knowledge)}
    return tuple(
        tried[rule] if isinstance(file, CaseFile) else Trial(rule=rule, passed=0, not_tried=file)
        for rule, file in chosen.items()
    )


def applying_cases(
    overlay: Path | None = None, profile: str = _DEFAULT
) -> tuple[Knowledge, dict[str, CaseFile]]:
    """Give the knowledge with every rule, and the cases that `try_rules` would try on it.

    Raises:
        KnowledgeError: The knowledge or a case file is invalid.
    """
    knowledge = load_knowledge(overlay, profile, groups=EVERY)
    chosen = _choose(overlay, profile, knowledge)
    return knowledge, {rule: file for rule, file in chosen.items() if isinstance(file, CaseFile)}


def _choose(overlay: Path | None, profile: str, knowledge: Knowledge) -> dict[str, CaseFile | str]:
    """Give the case file of each rule, or why there is none to try."""
    shelves = [*_overlaid(overlay, knowledge), *_shipped(overlay, profile, knowledge)]
    chosen: dict[str, CaseFile | str] = {}
    for rule in _named(shelves, knowledge):
        shelf = next((shelf for shelf in shelves if rule in shelf.cases), None)
        if shelf is None:
            chosen[rule] = "no cases"
        elif not _means_the_same(rule, knowledge, shelf.knowledge):
            chosen[rule] = "differs from the rule that its cases were written for"
        else:
            chosen[rule] = shelf.cases[rule]
    return chosen


def require_cases(overlay: Path, profile: str) -> None:
    """Refuse an overlaid folder whose own cases do not hold.

    Raises:
        KnowledgeError: Names the file, the line and the rule.
    """
    if not (overlay / FOLDER).is_dir():
        return
    knowledge = load_knowledge(overlay, profile, groups=EVERY)
    chosen: dict[str, CaseFile] = {}
    for shelf in _overlaid(overlay, knowledge):
        for rule, file in shelf.cases.items():
            if rule not in chosen and _means_the_same(rule, knowledge, shelf.knowledge):
                chosen[rule] = file
    for trial in try_cases(list(chosen.values()), knowledge):
        for failure in trial.failures:
            raise KnowledgeError(
                f"{overlay / failure.file}:{failure.line}: rule {trial.rule!r}: {failure.answer} "
                f"is {failure.found!r}, its case says {failure.expected!r}; "
                f"see labflag rules test --knowledge {overlay}"
            )


def try_cases(cases: Sequence[CaseFile], knowledge: Knowledge) -> tuple[Trial, ...]:
    """Ask the rules of every line at once and compare with the answers beside them.

    Raises:
        KnowledgeError: A file is named for no rule that gives findings, or cannot be read.
    """
    return evaluate_cases(lay_cases(cases, knowledge), knowledge) if cases else ()


def lay_cases(cases: Sequence[CaseFile], knowledge: Knowledge) -> Laid:
    """Make the tables of all lines together, once.

    Raises:
        KnowledgeError: A file is named for no rule that gives findings, or cannot be read.
    """
    answered = (*_evaluated(knowledge), *NAMED_FOR_NO_RULE)
    for file in cases:
        if file.rule not in answered:
            raise KnowledgeError(f"{file.name}: no rule named {file.rule!r}")
        check_columns(file, knowledge)
    return Laid(cases=tuple(cases), tables=tables_of(number_lines(cases), knowledge))


def evaluate_cases(laid: Laid, knowledge: Knowledge) -> tuple[Trial, ...]:
    """Compare what the rules say of lines that were laid out with the answers beside them."""
    cases, tables = laid.cases, laid.tables
    said = interpret_results(
        tables.results, tables.held, knowledge, observations=tables.observations
    )
    ranks = dict(zip(said.patients["patient_id"], said.patients["priority"], strict=True))
    raised = said.artifacts.groupby("accession")["artifact"].agg(join_codes)
    doubts = dict(zip(raised.index.astype(str), raised.astype(str), strict=True))
    findings = pd.concat([said.findings, said.shadow], ignore_index=True)
    evidence = pd.concat([said.evidence, said.shadow_evidence], ignore_index=True)
    # One accession belongs to one file, and so to one rule.
    rule_of = {accession_of(file, line): file.rule for file in cases for line in file.lines}
    own = findings["rule"].eq(findings["accession"].map(rule_of))
    joined = join_evidence(
        Findings.require_columns(findings[own]), Evidence.require_columns(evidence)
    )
    rows = joined[["accession", *_SAID]].set_index("accession")
    answers = {
        str(accession): {str(name): str(cell) for name, cell in row.items()}
        for accession, row in rows.to_dict("index").items()
    }
    return tuple(_trial(file, answers, ranks, doubts) for file in cases)


def _trial(
    file: CaseFile,
    answers: Mapping[str, Mapping[str, str]],
    ranks: Mapping[str, int],
    doubts: Mapping[str, str],
) -> Trial:
    # Of an accession of which nothing at all was reported there is no finding.
    nothing = dict.fromkeys(ANSWERS, "") | {"outcome": str(Outcome.NOT_TESTED)}
    failures: list[Failure] = []
    passed = 0
    for line in file.lines:
        accession = accession_of(file, line)
        found = {
            **answers.get(accession, nothing),
            PRIORITY: str(ranks.get(patient_of(file, line), "")),
            ARTIFACTS: doubts.get(accession, ""),
        }
        wrong = list(_failures(file, line, found))
        failures += wrong[:1]
        passed += not wrong
    return Trial(rule=file.rule, passed=passed, failures=tuple(failures))


def _failures(file: CaseFile, line: CaseLine, found: Mapping[str, str]) -> Iterator[Failure]:
    for answer in ANSWERS:
        if line.cells.get(answer, _NOT_ASKED) != _NOT_ASKED:
            expected = line.cells[answer]
            said = found["comment" if answer == "no-comment" else answer]
            if not _fits(answer, expected, said):
                yield Failure(
                    file=file.name,
                    line=line.number,
                    answer=answer,
                    expected=expected,
                    found=said,
                    given=" | ".join(
                        f"{name} {cell}"
                        for name, cell in line.cells.items()
                        if cell and name not in ANSWERS
                    ),
                )


def _fits(answer: str, expected: str, said: str) -> bool:
    wanted, codes = set(split_codes(expected)), set(split_codes(said))
    match answer:
        case "comment":
            return wanted <= codes
        case "no-comment":
            return not wanted & codes
        case _:
            return said == expected


def _overlaid(overlay: Path | None, knowledge: Knowledge) -> Iterator[_CaseFiles]:
    if overlay is None:
        return
    profile = knowledge.profile.id
    folder = overlay / FOLDER
    if profile != _DEFAULT:
        yield _CaseFiles(cases=read_case_folder(folder / profile), knowledge=knowledge)
    cases = read_case_folder(folder)
    if cases:
        is_default = profile == _DEFAULT
        written_for = knowledge if is_default else load_knowledge(overlay, groups=EVERY)
        yield _CaseFiles(cases=cases, knowledge=written_for)


def _shipped(overlay: Path | None, profile: str, knowledge: Knowledge) -> Iterator[_CaseFiles]:
    folder = files("pipeline.knowledge") / FOLDER
    own = read_case_folder(folder / knowledge.profile.id)
    if own:
        plain = overlay is None
        written_for = knowledge if plain else load_knowledge(None, profile, groups=EVERY)
        yield _CaseFiles(cases=own, knowledge=written_for)
    is_default = overlay is None and knowledge.profile.id == _DEFAULT
    written_for = knowledge if is_default else load_knowledge(groups=EVERY)
    yield _CaseFiles(cases=read_case_folder(folder), knowledge=written_for)


def _named(shelves: Sequence[_CaseFiles], knowledge: Knowledge) -> list[str]:
    """Name the rules that give findings, and those of case files that lead nowhere."""
    return list(
        dict.fromkeys(
            [*_evaluated(knowledge), *(name for shelf in shelves for name in shelf.cases)]
        )
    )


def _evaluated(knowledge: Knowledge) -> list[str]:
    return [rule.id for rule in (*knowledge.shown_rules(), *knowledge.shadow_rules())]


def _means_the_same(name: str, one: Knowledge, other: Knowledge) -> bool:
    """Say whether a rule rests on the same conditions and limits in both."""
    if one is other:
        return True
    if name in NAMED_FOR_NO_RULE and one.limits != other.limits:
        return False
    if name == PRIORITY:
        return one.rules == other.rules and one.priorities == other.priorities
    if name == ARTIFACTS:
        return one.artifacts == other.artifacts
    rules = one.rules.get(name), other.rules.get(name)
    if rules[0] is None or rules[1] is None:
        return False
    return rules[0] == rules[1] and _limits(rules[0], one) == _limits(rules[1], other)


def _limits(rule: Rule, knowledge: Knowledge) -> list[Limit]:
    # Also of the rules whose findings keep this one from being made.
    named = (knowledge.rules[name].when for name in rules_in(rule.conditions))
    conditions = (*rule.conditions, *named)
    return [limit for condition in conditions for limit in knowledge.limits_of(condition)]
