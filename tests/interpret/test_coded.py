"""Texts of many rows, each written and joined once: nothing may be lost or mixed up on the way."""

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.categorical import (
    Categorical,
    choose_word,
    join_where,
    take_turns,
)


def coded(texts, words=None):
    """Take the texts of a line, "-" for none; further words are there without being used."""
    column = pd.Series([text.replace("-", "") for text in texts.split()], dtype="str")
    codes, distinct = pd.factorize(column)
    spare = np.array(words or [], dtype=object)
    return Categorical(
        codes=codes, words=np.concatenate([np.array([*distinct], dtype=object), spare])
    )


def mask(letters):
    return np.array([letter == "x" for letter in letters])


def test_the_same_text_for_each():
    assert list(coded("a b a").texts) == ["a", "b", "a"]
    assert list(Categorical.same("a", 3).texts) == ["a", "a", "a"]


def test_words_whose_mask_holds():
    """More than eight words, of which some hold nowhere."""
    names = [f"w{number}" for number in range(20)]
    where = dict.fromkeys(names, mask("....."))
    where |= {"w0": mask("x...x"), "w2": mask(".x..x"), "w7": mask("..x.x")}
    where |= {name: mask("...xx") for name in names[8:]}
    assert list(join_where(where, 5).texts) == [
        "w0",
        "w2",
        "w7",
        "; ".join(names[8:]),
        "; ".join(["w0", "w2", "w7", *names[8:]]),
    ]


@pytest.mark.parametrize("place", range(11))
def test_each_word_by_itself(place):
    where = {f"w{number}": mask("x." if number == place else ".x") for number in range(11)}
    assert next(iter(join_where(where, 2).texts)) == f"w{place}"


def test_words_that_hold_nowhere_take_no_room():
    where = {f"w{number}": mask(".x" if number > 97 else "..") for number in range(100)}
    assert list(join_where(where, 2).texts) == ["", "w98; w99"]
    assert list(join_where({"a": mask("..")}, 2).texts) == ["", ""]
    assert list(join_where({}, 2).texts) == ["", ""]


def test_one_of_several_words():
    chosen = choose_word({"a": mask("x..."), "b": mask(".x..")}, "else")
    assert list(chosen.texts) == ["a", "b", "else", "else"]


def test_columns_take_turns():
    one, two, three = coded("a b"), coded("c c"), coded("d e", ("f", "g"))
    told = take_turns(iter([one, two, three]))
    assert list(told) == ["a", "c", "d", "b", "c", "e"]
    assert str(told.dtype) == "str"
