"""How well the rules find what is known to be there: counts and shares with their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from pipeline.errors import ConfigError
from pipeline.ingest.cells.ids import clean_ids, index_missing_ids
from pipeline.ingest.formats.readers import open_file, read_tables
from pipeline.ingest.text_tables import TextTable, UnreadableFile
from pipeline.interpret import Interpretation
from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.model import Knowledge
from schemas import DataFrame, Truth
from schemas.vocabulary import Outcome

_CONFIDENCE = 0.95
_NEEDED = ("patient_id", "rule", "truth")
_COLUMNS = (*_NEEDED, "accession")
# Of several accessions of a patient: what is found anywhere counts, then what may be there.
_BY_WEIGHT = (Outcome.NOT_TESTED, Outcome.ABSENT, Outcome.INDETERMINATE, Outcome.PRESENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of a count, with its 95 % interval after Wilson."""

    count: int
    of: int
    value: float | None
    """None: there was nothing to take a share of."""
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """One rule against the truth, in lines of the truth."""

    rule: str
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    indeterminate_yes: int
    """Indeterminate where the truth is yes; in no share but the review rate."""
    indeterminate_no: int
    not_tested: int
    """Nothing that the rule needs was reported; in no share."""
    not_found: int
    """Neither the patient nor the accession was read; in no share."""

    @property
    def sensitivity(self) -> Share:
        """Present, of those decided where the truth is yes."""
        return wilson(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> Share:
        """Absent, of those decided where the truth is no."""
        return wilson(self.true_negative, self.true_negative + self.false_positive)

    @property
    def review_rate(self) -> Share:
        """Present or indeterminate, of all that were tested: what a person has to look at."""
        looked_at = (
            self.true_positive
            + self.false_positive
            + self.indeterminate_yes
            + self.indeterminate_no
        )
        return wilson(looked_at, looked_at + self.false_negative + self.true_negative)


def wilson(count: int, of: int) -> Share:
    """Give a share with its score interval, which holds for few and for extreme counts too.

    Source: Wilson, Journal of the American Statistical Association 1927;22:209-212.
    """
    if of == 0:
        return Share(count=count, of=of, value=None, low=None, high=None)
    z = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2)
    share = count / of
    center = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z / (1 + z**2 / of) * sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    return Share(
        count=count, of=of, value=share, low=max(0.0, center - half), high=min(1.0, center + half)
    )


def read_truth(path: Path, code_page: str, knowledge: Knowledge) -> DataFrame[Truth]:
    """Read a table of what is known: patient_id, rule, truth (yes, no), and accession if known.

    Raises:
        ConfigError: The file, a column or a cell cannot be used; names the line, never the cell.
    """
    try:
        _, content = open_file(path, path.name)
        tables = read_tables(path, content, code_page, _count_headers).tables
    except UnreadableFile as verdict:
        said = verdict.detail or CATALOGUE[verdict.code].sentence
        raise ConfigError(f"{path.name}: cannot be read: {said}") from None
    table = next((table for table in tables if _header(table)), None)
    if table is None:
        raise ConfigError(f"{path.name}: no table with the columns {', '.join(_NEEDED)}")
    return _truth_from(table, path.name, index_missing_ids(knowledge))


def evaluate_truth(truth: DataFrame[Truth], interpretation: Interpretation) -> tuple[Accuracy, ...]:
    """Compare the answers of the rules with the truth, rule by rule, shadow rules included.

    A line without an accession is about the patient: present on any accession is present, else
    indeterminate on any is indeterminate, else absent on any is absent.

    Raises:
        ConfigError: The truth names a rule that gives no findings.
    """
    findings = pd.concat([interpretation.findings, interpretation.shadow], ignore_index=True)
    unknown = sorted(set(truth["rule"]) - set(findings["rule"]))
    if unknown and len(findings):
        raise ConfigError(f"the truth names a rule that gives no findings: {unknown[0]!r}")
    weights = {str(outcome): weight for weight, outcome in enumerate(_BY_WEIGHT)}
    weighed = findings.assign(weight=findings["outcome"].map(weights).astype("int64"))
    of_patient = weighed.groupby(["patient_id", "rule"])["weight"].max()
    of_accession = weighed.groupby(["patient_id", "accession", "rule"])["weight"].max()
    by_patient = of_patient.reindex(pd.MultiIndex.from_frame(truth[["patient_id", "rule"]]))
    by_accession = of_accession.reindex(
        pd.MultiIndex.from_frame(truth[["patient_id", "accession", "rule"]])
    )
    weight = np.where(truth["accession"].eq(""), by_patient.to_numpy(), by_accession.to_numpy())
    said = pd.Series(weight, index=truth.index).map(dict(enumerate(map(str, _BY_WEIGHT))))
    counted = (
        pd.DataFrame({"rule": truth["rule"], "truth": truth["truth"], "said": said.fillna("")})
        .value_counts()
        .to_dict()
    )

    def count(rule: str, said: str, *truths: str) -> int:
        return sum(int(counted.get((rule, true, said), 0)) for true in truths)

    return tuple(
        Accuracy(
            rule=rule,
            true_positive=count(rule, Outcome.PRESENT, "yes"),
            false_positive=count(rule, Outcome.PRESENT, "no"),
            false_negative=count(rule, Outcome.ABSENT, "yes"),
            true_negative=count(rule, Outcome.ABSENT, "no"),
            indeterminate_yes=count(rule, Outcome.INDETERMINATE, "yes"),
            indeterminate_no=count(rule, Outcome.INDETERMINATE, "no"),
            not_tested=count(rule, Outcome.NOT_TESTED, "yes", "no"),
            not_found=count(rule, "", "yes", "no"),
        )
        for rule in dict.fromkeys(truth["rule"])
    )


def _truth_from(table: TextTable, name: str, missing: frozenset[str]) -> DataFrame[Truth]:
    (_, header), *body = table.rows
    columns = [cell.strip() for cell in header]
    rows = [(number, cells) for number, cells in body if any(cell.strip() for cell in cells)]
    for number, cells in rows:
        if len(cells) != len(columns):
            raise ConfigError(
                f"{name}:{number}: {len(cells)} cells under a header of {len(columns)}"
            )
    texts = pd.DataFrame(
        [[cell.strip() for cell in cells] for _, cells in rows], columns=columns, dtype="str"
    )
    if "accession" not in texts:
        texts["accession"] = pd.Series("", index=texts.index, dtype="str")
    ids = {each: clean_ids(list(texts[each]), missing) for each in ("patient_id", "accession")}
    truth = texts.assign(**ids, truth=texts["truth"].str.lower())[list(Truth.column_types())]
    lines = [number for number, _ in rows]
    faults = {
        "no patient_id": truth["patient_id"].eq(""),
        "no rule": truth["rule"].eq(""),
        "the truth is yes or no": ~truth["truth"].isin(["yes", "no"]),
        "the truth of this patient, accession and rule stands twice": truth.duplicated(
            ["patient_id", "accession", "rule"]
        ),
    }
    for fault, where in faults.items():
        if where.any():
            raise ConfigError(f"{name}:{lines[int(where.to_numpy().argmax())]}: {fault}")
    return Truth.validate(truth.astype(Truth.column_types()))


def _count_headers(cells: Sequence[str]) -> int:
    return len({cell.strip() for cell in cells} & set(_COLUMNS))


def _header(table: TextTable) -> bool:
    return bool(table.rows) and {cell.strip() for cell in table.rows[0][1]} >= set(_NEEDED)
