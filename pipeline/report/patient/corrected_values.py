"""What results said before they were corrected, as it is shown beside them."""

from collections.abc import Mapping

import pandas as pd

from pipeline.report.wording import show_number, show_unit
from pipeline.texts import Texts
from schemas import DataFrame, Reportable, Superseded


def list_former(
    superseded: DataFrame[Superseded], results: DataFrame[Reportable], texts: Texts
) -> Mapping[int, str]:
    """Write down the former values of each result: "88", "<5; 92 g/dL".

    A unit stands there only where it is another one than that of the result that counts.
    """
    counts = pd.Series(results["original_unit"].to_numpy(), results["result_id"].to_numpy())
    counts = counts[~counts.index.duplicated()]
    concerned = superseded[superseded["result_id"].isin(counts.index)]
    former: dict[int, str] = {}
    columns = ["result_id", "comparator", "original_value", "original_unit"]
    for result, sign, value, unit in concerned[columns].itertuples(index=False):
        shown = f"{sign}{texts.number(show_number(value))}"
        if unit != counts[result]:
            shown += f" {show_unit(unit)}"
        former[result] = f"{former[result]}; {shown}" if result in former else shown
    return former
