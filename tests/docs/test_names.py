"""Names in the code are the field's words: none of a private language, and each thing one name."""

import ast
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path for package in ("pipeline", "schemas") for path in (ROOT / package).rglob("*.py")
)
PRIVATE = frozenset(
    [
        "agreed",
        "beat",
        "checkup",
        "closing",
        "coded",
        "desk",
        "falsely",
        "fate",
        "fates",
        "firm",
        "foreign",
        "forms",
        "front",
        "grid",
        "intake",
        "judge",
        "judgement",
        "listing",
        "loose",
        "melt",
        "melted",
        "nowhere",
        "ours",
        "outbox",
        "overtaken",
        "patience",
        "prepared",
        "reading",
        "readings",
        "receipt",
        "rounds",
        "say",
        "saying",
        "settled",
        "shelf",
        "sighting",
        "standing",
        "switch",
        "testimony",
        "tombstone",
        "touch",
        "touches",
        "upkeep",
        "watching",
        "wrongly",
    ]
)
"""Words that mean something in this project alone; GLOSSARY.md has those that took their place."""
VERBS = frozenset({"explain", "history", "inbox", "run", "withdraw"})
"""Modules of the command line that stand before a module of commands with the same name."""


def words_of(name: str) -> set[str]:
    """Split a name at its underscores and capitals."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def names_in(path: Path) -> set[str]:
    """The names of a module, its classes, functions and their parameters."""
    found = {path.stem}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.FunctionDef):
            arguments = node.args
            found |= {node.name}
            found |= {
                argument.arg
                for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
            }
    return found


def test_no_name_is_of_a_private_language():
    private = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in MODULES
        for name in names_in(path)
        if words_of(name) & PRIVATE
    }
    assert sorted(private) == []


def test_no_two_modules_share_a_name():
    counted = Counter(path.stem for path in MODULES if path.stem != "__init__")
    assert {name for name, count in counted.items() if count > 1} == VERBS


def test_the_words_are_split_as_they_are_read():
    assert words_of("MeltedTable") == {"melted", "table"}
    assert words_of("hold_overtaken") & PRIVATE == {"overtaken"}
