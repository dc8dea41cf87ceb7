"""Texts looked up for a column, also where nothing is there to be found."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge
from pipeline.lookup import look_up
from pipeline.reconcile.conflicts import hold_against_sex, hold_conflicts

ROOT = Path(__file__).parents[2]
NOTHING = np.array([], dtype=object)


@pytest.mark.parametrize(
    ("keys", "texts", "answer"),
    [
        (["a", "b"], {"a": "one"}, ["one", "-"]),
        (["a", "b"], {"z": "one"}, ["-", "-"]),
        (["a", "b"], {}, ["-", "-"]),
        (["a"], pd.Series(NOTHING), ["-"]),
        (["a"], pd.Series([], dtype="float64"), ["-"]),
        (["a"], pd.Series([], dtype="str"), ["-"]),
        ([1, 2], pd.Series(NOTHING, index=np.array([], dtype="int64")), ["-", "-"]),
        ([1, 2], pd.Series(["one"], index=[1]), ["one", "-"]),
        ([1, 2], {2: "two"}, ["-", "two"]),
        ([], {}, []),
        ([], {"a": "one"}, []),
        ([], pd.Series(NOTHING), []),
    ],
)
def test_what_is_not_found_is_text_too(keys, texts, answer):
    found = look_up(pd.Series(keys), texts, "-")
    assert found.dtype == "str"
    assert found.tolist() == answer


def test_knowledge_without_a_word_of_a_kind_reads_files_all_the_same(tmp_path):
    knowledge = load_knowledge()
    bare = replace(
        knowledge,
        analytes={name: replace(each, too_high="") for name, each in knowledge.analytes.items()},
        observations={
            name: replace(each, only_sex="", implies="")
            for name, each in knowledge.observations.items()
        },
    )
    path = tmp_path / "day.csv"
    path.write_text(
        "patient_id,sex,sample_id,collected_at,analyte,value,unit,pregnant\n"
        "P1,M,S1,2026-03-01,MCV,104,fL,yes\n"
        "P2,F,S2,2026-03-01,MCV,180,fL,yes\n"
    )
    read = read_results(path, path.name, bare, SiteConventions())
    dataset = hold_against_sex(hold_conflicts(combine([read])), bare)
    assert dataset.results["patient_id"].tolist() == ["P1"]
    assert dataset.held["code"].tolist() == ["value-impossible"]


def _fills_a_mapping(node: ast.AST) -> bool:
    """Whether a call is `….map(…)….fillna("…")`, which fails where nothing maps."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    filled = node.args[0] if node.args else None
    if node.func.attr != "fillna" or not isinstance(filled, ast.Constant):
        return False
    inner = [one.func.attr for one in ast.walk(node.func) if _is_method(one)]  # type: ignore[attr-defined]
    return isinstance(filled.value, str) and "map" in inner


def _is_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ('x.map(y).fillna("")', True),
        ('x["a"].map(y).where(z, "").fillna("").astype("str")', True),
        ('x["a"].map(y).astype("int64").fillna("")', True),
        ("x.map(y).fillna(0)", False),
        ('x.reindex(y).fillna("")', False),
    ],
)
def test_how_mappings_that_are_filled_are_found(code, answer):
    assert any(_fills_a_mapping(node) for node in ast.walk(ast.parse(code))) is answer


def test_no_mapping_is_filled_with_text_by_hand():
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"  # type: ignore[attr-defined]
        for path in sorted((ROOT / "pipeline").rglob("*.py"))
        if path.name != "lookup.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _fills_a_mapping(node)
    ]
    assert found == []
