"""What is checked of a table between the hand-overs, and how to have all of it checked."""

import pandas as pd
import pytest

from schemas import Held, Observations, Reportable
from schemas.table import Table, pa, validate_everywhere


@pytest.fixture
def everywhere():
    validate_everywhere()
    yield
    validate_everywhere(False)


@pytest.mark.parametrize("table", [Held, Observations, Reportable])
def test_columns_and_their_exact_types_are_required(table: type[Table]):
    right = table.no_rows()
    assert table.require_columns(right) is right
    first = next(iter(table.column_types()))
    for wrong in (
        right.drop(columns=first),
        right.assign(more=""),
        right.astype({first: "object"}),
    ):
        with pytest.raises((pa.errors.SchemaError, pa.errors.SchemaErrors)):
            table.require_columns(wrong)


def one_held_row():
    """Give a row of the right types, with a code that is none."""
    of_kind = {"str": "x", "bool": True}
    kinds = Held.column_types()
    filled = {name: [of_kind.get(kind, 1)] for name, kind in kinds.items()}
    return pd.DataFrame(filled).astype(kinds)


def test_values_are_left_to_the_hand_overs():
    assert len(Held.require_columns(one_held_row())) == 1


def test_values_are_checked_too_where_that_is_asked_for(everywhere):
    with pytest.raises((pa.errors.SchemaError, pa.errors.SchemaErrors)):
        Held.require_columns(one_held_row())
