"""Texts of many rows, each written and joined once: nothing may be lost or mixed up on the way."""

import numpy as np
import pandas as pd
import pytest

from pipeline.interpret.categorical import (
    Coded,
    choose_word,
    format_numbers,
    join_distinct,
    join_where,
    take_turns,
)


def coded(texts, words=None):
    """Take the texts of a line, "-" for none; further words are there without being used."""
    column = pd.Series([text.replace("-", "") for text in texts.split()], dtype="str")
    made = Coded.of(column)
    spare = np.array(words or [], dtype=object)
    return Coded(codes=made.codes, words=np.concatenate([made.words, spare]))


def mask(letters):
    return np.array([letter == "x" for letter in letters])


def test_ways_to_make_one():
    assert list(coded("a b a").texts) == ["a", "b", "a"]
    assert list(coded("a b a").words) == ["a", "b"]
    assert list(Coded.of(pd.Series([7, 8, 7])).texts) == ["7", "8", "7"]
    assert list(Coded.each(np.array(["a", "b", "a"], dtype=object)).texts) == ["a", "b", "a"]
    assert list(Coded.same("a", 3).texts) == ["a", "a", "a"]


@pytest.mark.parametrize(
    ("rows", "texts", "words"),
    # Words are shared until there are more of them than rows.
    [([0, 1, 1, 0], "abba", 2), ([1, 0], "ba", 2), ([1], "b", 1), ([], "", 0)],
)
def test_some_rows(rows, texts, words):
    some = coded("a b a").at(np.array(rows, dtype=np.int64))
    assert "".join(some.texts) == texts
    assert len(some.words) == words


def test_words_are_the_same_ones_while_rows_are_as_many():
    column = coded("a b a")
    assert column.at(np.array([1, 0])).words is column.words
    assert column.at(np.array([1])).words is not column.words


@pytest.mark.parametrize(
    ("spare", "words"),
    # Two words there and two that are put; with more than six for six rows each is written out.
    [((), "abxy"), (("s",), "absxy"), (("s", "t"), "abstxy"), (("s", "t", "u"), "xxyyxy")],
)
def test_other_texts_take_their_place(spare, words):
    column = coded("a b a b a b", spare)
    rows = np.array([1, 2, 3, 4, 0, 5])
    put = column.put(rows, coded("x y y x x y"), mask("......"))
    assert list(put.texts) == ["x", "x", "y", "y", "x", "y"]
    assert "".join(put.words) == words
    assert list(column.texts) == ["a", "b", "a", "b", "a", "b"]


def test_what_is_not_put_stays():
    for spare in ((), ("s",) * 9):
        put = coded("a b a b", spare).put(np.array([2, 0]), coded("x y"), mask(".."))
        assert list(put.texts) == ["y", "b", "x", "b"]


@pytest.mark.parametrize("spare", [(), ("s",) * 9])
def test_other_texts_follow(spare):
    """Whether few words are shared or each text is written out, the same comes of it."""
    column = coded("a b a b a b a b a b", spare)
    rows = np.arange(9)
    put = column.put(rows, coded("x x y y x y z y x"), mask("xxxx.x.x."))
    assert list(put.texts) == ["a; x", "b; x", "a; y", "b; y", "x", "b; y", "z", "b; y", "x", "b"]
    again = put.put(np.array([0, 9]), coded("w w"), mask("xx"))
    assert (again.texts[0], again.texts[9]) == ("a; x; w", "b; w")


def test_texts_side_by_side_are_joined_once_each():
    one, two, three = coded("a b c a b c"), coded("x y x y - -"), coded("a - x y - c")
    assert list(join_distinct([one, two, three]).texts) == [
        "a; x", "b; y", "c; x", "a; y", "b", "c",
    ]  # fmt: skip
    assert list(join_distinct([two, one]).texts) == ["x; a", "y; b", "x; c", "y; a", "b", "c"]
    assert list(join_distinct([three, two, one]).texts)[1] == "y; b"


def test_every_combination_of_words_is_told_apart():
    words = [["a", "b", "c"], ["d", "e"], ["f", "g"], ["h", "i", "j"]]
    rows = np.array(np.meshgrid(*(range(len(each)) for each in words))).reshape(4, -1)
    columns = [
        Coded(codes=codes, words=np.array(each, dtype=object))
        for codes, each in zip(rows, words, strict=True)
    ]
    for count in (2, 3, 4):
        expected = [
            "; ".join(each[code] for each, code in zip(words, row[:count], strict=False))
            for row in rows.T
        ]
        assert list(join_distinct(columns[:count]).texts) == expected


def test_one_column_needs_no_joining():
    column = coded("a b a")
    assert join_distinct([column]) is column


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


def test_numbers_are_written_as_short_as_they_read_back():
    numbers = pd.Series([180.0, None, 0.1 + 0.2, 180.0, 1e-5, 1234567.25], dtype="Float64")
    assert list(format_numbers(numbers).texts) == ["180", "", "0.3", "180", "1e-05", "1234567.25"]
    assert list(format_numbers(pd.Series([None, 7.0], dtype="Float64")).texts) == ["", "7"]


def test_columns_take_turns():
    one, two, three = coded("a b"), coded("c c"), coded("d e", ("f", "g"))
    told = take_turns(iter([one, two, three]))
    assert list(told) == ["a", "c", "d", "b", "c", "e"]
    assert str(told.dtype) == "str"
    numbers = format_numbers(pd.Series([None, 7.0], dtype="Float64"))
    assert list(take_turns([one, numbers, two])) == ["a", "", "c", "b", "7", "c"]
