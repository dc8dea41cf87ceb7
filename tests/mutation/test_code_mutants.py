"""The changes that `code` tries: what they are, and that the record of survivors names them."""

import ast
import tomllib

import pytest

from tests.mutation.code import SURVIVORS, _path_of
from tests.mutation.wrongs import list_wrongs

LISTED = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))


def changed(body):
    """Write each changed body of a function of `a` and `b`."""
    source = f"def f(a, b=0):\n    {body}"
    return [ast.unparse(wrong.tree).split("\n    ", 1)[1] for wrong in list_wrongs(source)][2:]


@pytest.mark.parametrize(
    ("body", "wrongs"),
    [
        ("return a < b", ["return a <= b", "return a >= b"]),
        ("return a == b", ["return a != b"]),
        ("return a & ~b", ["return a | ~b", "return a & b"]),
        ("return a and b", ["return a or b"]),
        ("return a + 1", ["return a - 1", "return a + 2", "return a + 0"]),
        ("return a['low']", ["return a['high']"]),
        ("return a[1:]", ["return a", "return a[2:]", "return a[0:]"]),
        (
            "return a if b else 1",
            ["return a", "return 1", "return a if b else 2", "return a if b else 0"],
        ),
        ("return a(b, key=True)", ["return a(b)", "return a(b, key=False)"]),
        ("return min(a, b)", ["return max(a, b)"]),
        ("return [c for c in a if c]", ["return [c for c in a]"]),
        ("a |= b", ["pass", "a = b", "a &= b"]),
        ("a.add(b)", ["pass"]),
        ("assert a < b", []),
        ("raise ValueError('a' + b)", []),
        ("return len(a[1:])", []),
        ("return zip(a, b, strict=True)", []),
    ],
)
def test_what_is_made_of_a_line(body, wrongs):
    assert changed(body) == wrongs


def test_a_condition_is_met_always_and_never():
    names = [wrong.name for wrong in list_wrongs("def f(a):\n    if a:\n        return a")]
    assert names == ["f: if a: always", "f: if a: never"]


@pytest.mark.parametrize("module", LISTED)
def test_the_record_names_changes_that_there_are_and_says_why(module):
    names = [wrong.name for wrong in list_wrongs(_path_of(module).read_text(encoding="utf-8"))]
    assert len(set(names)) == len(names)
    assert {each["change"] for each in LISTED[module]} <= set(names)
    assert all(each["reason"] for each in LISTED[module])
