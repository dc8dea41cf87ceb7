"""Results held because of what others say of the same person or specimen."""

from dataclasses import replace

import pandas as pd

from pipeline.ingest.accounting import hold, hold_observations
from pipeline.ingest.dataset import Intake
from pipeline.issues import (
    all_issues,
    issues_at,
)
from pipeline.knowledge.model import Knowledge
from pipeline.lookup import look_up
from pipeline.reconcile.demographics import complete_people
from pipeline.reconcile.identity import drop_conflicting, settle_identity
from schemas.vocabulary import IssueSeverity, ResultStatus

_SPECIMEN = ["patient_id", "accession"]


def hold_conflicts(intake: Intake) -> Intake:
    """Hold the results of ids and specimens about which the files contradict each other.

    What is held already counts as in conflict too. Of those who remain, sex and birth date are
    filled in from their other rows.
    """
    said = intake.observations
    kept, found = settle_identity(intake.results, intake.held, said)
    left, _ = drop_conflicting(said, found, intake.results, intake.held)
    leaving = intake.results[~intake.results["result_id"].isin(kept["result_id"])]
    conflicts = found[found["severity"].eq(str(IssueSeverity.ERROR))]
    code = conflicts.drop_duplicates("result_id").set_index("result_id")["code"]
    now = intake.held["result_id"].map(code).astype("object")
    before = intake.held.assign(code=now.where(now.notna(), intake.held["code"]).astype("str"))
    completed, filled = complete_people(kept)
    issues = all_issues(intake.issues, found, filled)
    gone = said[~said["result_id"].isin(left["result_id"].dropna())]
    gone = gone.assign(held_by=gone["result_id"].map(code)).dropna(subset=["held_by"])
    in_words = [hold_observations(rows, str(why)) for why, rows in gone.groupby("held_by")]
    held = pd.concat([before, hold(leaving, conflicts), *in_words], ignore_index=True)
    return replace(
        intake,
        results=completed,
        observations=left,
        held=held.sort_values("result_id", ignore_index=True),
        issues=issues,
    )


def hold_against_sex(intake: Intake, knowledge: Knowledge) -> Intake:
    """Hold the results of specimens of which something is said that the sex contradicts.

    To be called when people are settled: pregnancy may be stated in one file, sex in another.
    """
    only = {
        each.id: str(each.only_sex) for each in knowledge.observations.values() if each.only_sex
    }
    said = intake.observations
    stated = pd.concat(
        [
            pd.DataFrame(table)[["patient_id", "sex"]]
            for table in (intake.results, intake.held, said)
        ]
    )
    sex = stated[stated["sex"].ne("")].drop_duplicates("patient_id").set_index("patient_id")["sex"]
    known, wanted = look_up(said["patient_id"], sex), look_up(said["code"], only)
    yes = said["answer"].eq("yes") & known.ne("") & wanted.ne("")
    against = said[yes & known.ne(wanted)].drop_duplicates(["patient_id", "accession"])
    if against.empty:
        return intake
    specimen = ["patient_id", "accession"]
    keys = pd.MultiIndex.from_frame(against[specimen])
    leaving, in_words = (
        table[pd.MultiIndex.from_frame(table[specimen]).isin(keys)]
        for table in (pd.DataFrame(intake.results), pd.DataFrame(said))
    )
    code = "context-against-sex"
    issues = issues_at(pd.concat([leaving, in_words.dropna(subset=["result_id"])]), code)
    held = [intake.held, hold(leaving, issues), hold_observations(in_words, code)]
    return replace(
        intake,
        results=intake.results.drop(leaving.index).reset_index(drop=True),
        held=pd.concat(held, ignore_index=True).sort_values("result_id", ignore_index=True),
        observations=said.drop(in_words.index).reset_index(drop=True),
        issues=all_issues(intake.issues, issues),
    )


def hold_misidentified(intake: Intake, knowledge: Knowledge) -> Intake:
    """Hold every result of the specimens of which the laboratory says that they are another's."""
    for each in knowledge.observations.values():
        if each.holds_specimen:
            said = intake.observations
            told = said[said["code"].eq(each.id) & said["answer"].eq("yes")]
            told = told[told["status"].ne(str(ResultStatus.CANCELLED))]
            intake = _hold_specimens(intake, told[_SPECIMEN], each.holds_specimen)
    return intake


def _hold_specimens(intake: Intake, specimens: pd.DataFrame, code: str) -> Intake:
    """Hold all results of some specimens; what is held already is held for this, too."""
    if specimens.empty:
        return intake
    keys = pd.MultiIndex.from_frame(specimens)

    def of(table: pd.DataFrame) -> pd.DataFrame:
        return table[pd.MultiIndex.from_frame(table[_SPECIMEN]).isin(keys)]

    leaving, before, said = (
        of(pd.DataFrame(table)) for table in (intake.results, intake.held, intake.observations)
    )
    in_words = said.dropna(subset=["result_id"])
    issues = issues_at(pd.concat([leaving, before, in_words]), code)
    kept = intake.held.assign(
        code=intake.held["code"].mask(intake.held.index.isin(before.index), code)
    )
    held = pd.concat(
        [kept, hold(leaving, issues), hold_observations(in_words, code)], ignore_index=True
    )
    return replace(
        intake,
        results=intake.results.drop(leaving.index).reset_index(drop=True),
        held=held.sort_values("result_id", ignore_index=True),
        observations=intake.observations.drop(said.index).reset_index(drop=True),
        issues=all_issues(intake.issues, issues),
    )
