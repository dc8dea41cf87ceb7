"""Looking up a text for each entry of a column, also where there is none to be found."""

from collections.abc import Mapping
from typing import Any

import pandas as pd


def look_up(
    keys: "pd.Series[Any]", texts: "Mapping[Any, str] | pd.Series[str]", otherwise: str = ""
) -> "pd.Series[str]":
    """Return the text of each key, and `otherwise` where there is none.

    An empty table of texts makes `Series.map` return numbers, which take no text: with this
    function the column is text whatever was found.
    """
    return keys.map(texts).astype(object).fillna(otherwise).astype("str")
