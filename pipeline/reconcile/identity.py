"""One person per patient id, one patient per specimen; over all files of a run."""

import re
import unicodedata
from datetime import timedelta
from itertools import combinations

import pandas as pd

from pipeline.ingest.specimen_days import is_named_by_day
from pipeline.issues import Staged, all_issues, issues_at
from schemas import DataFrame, Held, Issues, Observations, Results

# Of six languages; two people may share them.
_TITLES = frozenset(
    re.findall(r"\w+", "mr mrs ms miss mx dr prof jr herr frau hr fr mme mlle sr sra srta don sig")
)

_OF_DATES = ("date-impossible", "date-ambiguous", "date-unreadable")
_ONE_NIGHT = timedelta(hours=12)


_TELLING = [
    "result_id", "source_file", "source_sheet", "source_row", "source_column",
    "patient_id", "patient_name", "sex", "birth_date", "accession",
    "collected_at", "collected_precision",
]  # fmt: skip


def resolve_identity(
    results: DataFrame[Results],
    held: DataFrame[Held],
    observations: DataFrame[Observations] | None = None,
) -> Staged[DataFrame[Results]]:
    """Set aside every result of an id or a specimen about which the files contradict each other.

    A patient id conflicts if it stands anywhere with two birth dates, two sexes, or two names
    that share no word; what is missing contradicts nothing. All its results are set aside as
    `identity-conflict`, whichever came first. An accession under two patient ids is set aside
    whole as `specimen-conflict`, one with two collection days as `specimen-two-days`; times that
    differ on one day, or by a few hours around midnight, are noted as `specimen-times`. Ids that
    differ only in case, leading zeros or letter forms are noted as `patient-id-similar` and
    never joined.

    Args:
        results: Accepted results of all files.
        held: Held results of all files: they cannot be used, but they can contradict, except
            by the date for which they are held.
        observations: What the files say in words; it can contradict too.

    Returns:
        The results that remain, and issues for accepted and held results alike.
    """
    said = Observations.no_rows() if observations is None else observations
    tables = [pd.DataFrame(table)[_TELLING] for table in (results, held, said) if len(table)]
    everyone: pd.DataFrame = pd.concat([Held.no_rows()[_TELLING], *tables], ignore_index=True)
    everyone = everyone[everyone["patient_id"].ne("")]
    conflicts = everyone["patient_id"].isin(_conflicting_ids(everyone))
    specimens = everyone[everyone["accession"].ne("")]
    owners = specimens.groupby("accession")["patient_id"].nunique()
    mixed = everyone["accession"].isin(owners.index[owners > 1])
    misdated = held.loc[held["code"].isin(_OF_DATES), "result_id"]
    is_result = everyone["result_id"].notna()
    counts = specimens["result_id"].notna() & ~specimens["result_id"].isin(misdated)
    dated = specimens[counts]
    days, times = _compare_moments(dated)
    apart = everyone["accession"].isin(days) & is_result
    conflicts, mixed = conflicts & is_result, mixed & is_result
    told = everyone[is_result]
    first = told.drop_duplicates("accession")
    issues = all_issues(
        issues_at(everyone[conflicts], "identity-conflict"),
        issues_at(everyone[mixed & ~conflicts], "specimen-conflict"),
        issues_at(everyone[apart & ~mixed & ~conflicts], "specimen-two-days"),
        issues_at(first[first["accession"].isin(times)], "specimen-times"),
        issues_at(_first_of_similar(told), "patient-id-similar"),
    )
    set_aside = everyone.loc[conflicts | mixed | apart, "result_id"]
    kept = results[~results["result_id"].isin(set_aside)].reset_index(drop=True)
    return Staged(kept, issues)


def _compare_moments(specimens: pd.DataFrame) -> tuple["pd.Index[str]", "pd.Index[str]"]:
    """List the specimens that stand with two collection days, and those with two times only.

    Many laboratory systems write when a tube was received: some results of a night come after
    midnight and are no second specimen.
    """
    dated = specimens[["accession", "collected_at", "collected_precision"]].dropna()
    dated = dated.drop_duplicates()
    dated = dated[dated["accession"].duplicated(keep=False)]
    day = dated["collected_at"].dt.normalize()
    is_timed = dated["collected_precision"].eq("time")
    each = dated.assign(day=day, is_timed=is_timed).groupby("accession")
    spread = each["collected_at"].max() - each["collected_at"].min()
    is_near = each["is_timed"].all() & (spread < _ONE_NIGHT)
    first = each["day"].min()
    is_near |= is_named_by_day(first.index.to_series(), first)
    has_two_days = each["day"].nunique().gt(1) & ~is_near
    timed = dated[is_timed].groupby("accession")["collected_at"].nunique()
    has_two_times = timed.reindex(has_two_days.index, fill_value=0).gt(1) & ~has_two_days
    return has_two_days.index[has_two_days], has_two_days.index[has_two_times]


def drop_conflicting(
    observations: DataFrame[Observations],
    issues: DataFrame[Issues],
    results: DataFrame[Results],
    held: DataFrame[Held],
) -> Staged[DataFrame[Observations]]:
    """Leave out what is said of ids and specimens in conflict.

    Args:
        observations: All of them.
        issues: Those of `resolve_identity`.
        results: Accepted results, those in conflict included.
        held: Held results.

    Returns:
        The observations that remain, and the issues of the results among the others.
    """
    everyone = pd.concat(
        [pd.DataFrame(table)[_TELLING] for table in (results, held, observations)],
        ignore_index=True,
    )
    gone = pd.Series(False, index=observations.index)
    for code, name in (
        ("identity-conflict", "patient_id"),
        ("specimen-conflict", "accession"),
        ("specimen-two-days", "accession"),
    ):
        ids = issues.loc[issues["code"].eq(code), "result_id"].dropna()
        whose = everyone.loc[everyone["result_id"].isin(ids), name].unique()
        gone |= observations[name].isin([text for text in whose if text])
    left = observations[~gone].reset_index(drop=True)
    told = issues[issues["result_id"].isin(observations.loc[gone, "result_id"].dropna())]
    return Staged(left, all_issues(told))


def _conflicting_ids(everyone: pd.DataFrame) -> set[str]:
    """List the ids that stand with two birth dates, two sexes or two names."""
    people = everyone[["patient_id", "birth_date", "sex", "patient_name"]].drop_duplicates()
    known = people.assign(sex=people["sex"].mask(people["sex"].eq("")))
    different = known.groupby("patient_id")[["birth_date", "sex"]].nunique().gt(1).any(axis=1)
    names = people.loc[people["patient_name"].ne(""), ["patient_id", "patient_name"]]
    names = names.drop_duplicates()
    several = names[names["patient_id"].duplicated(keep=False)]
    unlike = {
        str(patient_id)
        for patient_id, group in several.groupby("patient_id")["patient_name"]
        if _are_unlike([name_words(name) for name in group])
    }
    return unlike | set(different.index[different])


def name_words(name: str) -> frozenset[str]:
    """List the words of a name by which people are compared: without titles and initials.

    >>> sorted(name_words("Dr. DOE, Jane A."))
    ['doe', 'jane']
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    words = frozenset(re.findall(r"[^\W\d_]+", folded))
    # A single letter of an alphabet is an initial, a single ideograph is a name.
    telling = {word for word in words - _TITLES if len(word) > 1 or word.upper() == word.lower()}
    return frozenset(telling) or words


def _are_unlike(names: list[frozenset[str]]) -> bool:
    """Whether any two names share no word."""
    return any(
        one and other and one.isdisjoint(other) for one, other in combinations(set(names), 2)
    )


def _first_of_similar(everyone: pd.DataFrame) -> pd.DataFrame:
    """Give the first result of each id that differs from another only in its form."""
    first = everyone.drop_duplicates("patient_id")
    forms = first["patient_id"].map(_form_of)
    return first[forms.duplicated(keep=False)]


def _form_of(patient_id: str) -> str:
    folded = unicodedata.normalize("NFKC", patient_id).casefold()
    return folded.lstrip("0") or folded[-1:]
