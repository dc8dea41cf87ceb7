"""Nobody takes joined texts apart: names and quoted words may hold the sign that joins."""

import ast
from pathlib import Path

from schemas.joined_codes import JOIN, join_codes, split_codes
from tests.docs.test_packaging import ROOT

_CUTS = {"split", "rsplit", "partition", "rpartition"}
# Codes hold no space; they are taken apart in one place.
_MAY = {"schemas/joined_codes.py"}


def list_cuts(source: str) -> list[int]:
    """List the lines on which a text is cut at the sign that joins, written out or by its name."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _CUTS
        and any(map(_is_join, [*node.args, *(each.value for each in node.keywords)]))
    ]


def _is_join(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == JOIN
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return name.strip("_").upper() == "JOIN"


def test_such_a_cut_is_seen():
    assert list_cuts('a.split("; ")\nb.split(",")\nc.partition(_JOIN)\nd.split(sep="; ")') == [
        1, 3, 4,
    ]  # fmt: skip
    assert list_cuts('"; ".join(a)\nmodule.JOIN.join(b)') == []
    assert list_cuts("a.rsplit(module.JOIN, 1)") == [1]


def test_nobody_takes_joined_texts_apart():
    cuts = {
        f"{path}:{line}"
        for folder in ("pipeline", "schemas")
        for path in Path(ROOT / folder).rglob("*.py")
        if path.relative_to(ROOT).as_posix() not in _MAY
        for line in list_cuts(path.read_text(encoding="utf-8"))
    }
    assert cuts == set()


def test_codes_come_back():
    for codes in ([], ["held"], ["missing-input", "held"]):
        assert split_codes(join_codes(codes)) == codes
