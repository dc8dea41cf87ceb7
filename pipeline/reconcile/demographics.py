"""What one row says of a patient holds for the patient's other rows too."""

import pandas as pd

from pipeline.ingest.cells.sex_and_age import ages_at
from pipeline.issues import Staged, all_issues, issue_of_file
from pipeline.texts.counts import count_text
from schemas import DataFrame, Issues, Results


def complete_people(results: DataFrame[Results]) -> Staged[DataFrame[Results]]:
    """Fill in sex and birth date where other rows of the same patient state them.

    To be called when ids in conflict have been set aside: what is left of an id contradicts
    nothing. Ages are computed where a birth date was filled in and no age was stated.

    Returns:
        The results, and one note for each file in which something was filled in.
    """
    by_patient = results.groupby("patient_id")
    sex = by_patient["sex"].transform("max")
    born = by_patient["birth_date"].transform("first")
    gets_sex = results["sex"].eq("") & sex.ne("")
    gets_birth = results["birth_date"].isna() & born.notna()
    if not (gets_sex | gets_birth).any():
        return Staged(results, all_issues())
    gets_age = gets_birth & results["age_days_low"].isna()
    exact = ages_at(born.where(gets_age), results["collected_at"].where(gets_age))
    known = exact["age_days"].notna() & exact["age_days"].ge(0).fillna(False)
    ages = {
        f"age_{unit}_{end}": results[f"age_{unit}_{end}"].where(~known, exact[f"age_{unit}"])
        for unit in ("days", "months")
        for end in ("low", "high")
    }
    completed = results.assign(
        sex=results["sex"].where(~gets_sex, sex),
        birth_date=results["birth_date"].where(~gets_birth, born),
        **ages,
    )
    kinds = Results.column_types()
    return Staged(Results.validate(completed.astype(kinds)), _notes(results[gets_sex | gets_birth]))


def _notes(filled: pd.DataFrame) -> DataFrame[Issues]:
    return all_issues(
        *(
            issue_of_file(
                str(file), "demographics-completed", detail=count_text(int(count), "result")
            )
            for file, count in filled["source_file"].value_counts(sort=False).items()
        )
    )
