"""Of all that was said of a specimen one statement counts, whatever the order."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.joined_observations import join_selected, select_observations
from pipeline.reconcile.reportable_results import select_reportable
from schemas import Observations, Results
from tests.rules.conftest import read_table

KNOWLEDGE = load_knowledge()
KINDS = Observations.column_types()


def observations_from(text):
    rows = [
        {
            **dict.fromkeys(KINDS, ""),
            "result_id": number if line["from"] == "result" else pd.NA,
            "patient_id": "P1",
            "birth_date": pd.NaT,
            "accession": line.get("accession") or "S1",
            "collected_at": pd.NaT,
            "code": line["code"],
            "answer": line["answer"],
            "number": float(line["number"]) if line.get("number") else pd.NA,
            "day": pd.Timestamp(line["day"]) if line.get("day") else pd.NaT,
            "status": line.get("status") or "final",
            "source_file": "march.csv",
            "source_row": number + 2,
        }
        for number, line in enumerate(read_table(text))
    ]
    return Observations.validate(pd.DataFrame(rows, columns=list(KINDS)).astype(KINDS))


@pytest.mark.parametrize(
    ("text", "said", "fates", "notes"),
    [
        (
            """
            code         | from   | answer
            schistocytes | result | yes
            """,
            ["schistocytes yes 0"],
            {0: "used"},
            [],
        ),
        (
            """
            code         | from   | answer
            schistocytes | result | yes
            schistocytes | result | yes
            """,
            ["schistocytes yes 0"],
            {0: "used", 1: "duplicate"},
            [],
        ),
        (
            """
            code         | from   | answer
            schistocytes | result | yes
            schistocytes | result | no
            """,
            [],
            {0: "held", 1: "held"},
            ["observations-disagree", "observations-disagree"],
        ),
        # Beside results that disagree what was remarked still stands.
        (
            """
            code         | from   | answer
            schistocytes | result | yes
            schistocytes | result | no
            schistocytes | remark | yes
            """,
            ["schistocytes yes -"],
            {0: "held", 1: "held"},
            ["observations-disagree", "observations-disagree"],
        ),
        (
            """
            code         | from   | answer | status
            schistocytes | result | yes    | final
            schistocytes | result | no     | corrected
            schistocytes | result | yes    | preliminary
            """,
            ["schistocytes no 1"],
            {0: "superseded", 1: "used", 2: "superseded"},
            [],
        ),
        (
            """
            code         | from   | answer | status
            schistocytes | result | yes    | final
            schistocytes | result | yes    | cancelled
            """,
            [],
            {0: "superseded", 1: "ignored"},
            [],
        ),
        (
            """
            code         | from   | answer | status
            schistocytes | result | no     | corrected
            schistocytes | result | yes    | cancelled
            """,
            ["schistocytes no 0"],
            {0: "used", 1: "ignored"},
            [],
        ),
        (
            """
            code         | from   | answer
            schistocytes | result | no
            schistocytes | remark | yes
            """,
            ["schistocytes no 0"],
            {0: "used"},
            ["context-contradiction"],
        ),
        (
            """
            code         | from   | answer
            schistocytes | remark | no
            schistocytes | result | no
            """,
            ["schistocytes no 1"],
            {1: "used"},
            [],
        ),
        (
            """
            code            | from   | answer
            platelet-clumps | result | no
            platelet-clumps | remark | yes
            """,
            ["platelet-clumps yes -"],
            {0: "used"},
            [],
        ),
        (
            """
            code            | from   | answer
            platelet-clumps | result | no
            platelet-clumps | result | yes
            """,
            ["platelet-clumps yes -"],
            {0: "held", 1: "held"},
            ["observations-disagree", "observations-disagree"],
        ),
        (
            """
            code      | from   | answer | number
            pregnant  | remark | yes    |
            pregnant  | remark | no     |
            trimester | remark | yes    | 2
            metformin | remark | yes    |
            """,
            ["metformin yes -"],
            {},
            ["context-contradiction", "context-contradiction", "context-contradiction"],
        ),
        (
            """
            code      | from   | answer | number
            pregnant  | remark | yes    |
            trimester | remark | yes    | 2
            trimester | remark | yes    | 3
            """,
            ["pregnant yes -"],
            {},
            ["context-contradiction", "context-contradiction"],
        ),
        (
            """
            code       | from   | answer | day
            transfused | remark | yes    | 2026-01-01
            transfused | remark | yes    |
            """,
            ["transfused yes - 2026-01-01"],
            {},
            [],
        ),
        (
            """
            code            | from   | answer
            platelet-clumps | remark | no
            """,
            ["platelet-clumps no -"],
            {},
            [],
        ),
        (
            """
            code         | from   | answer
            schistocytes | result | yes
            schistocytes | remark | yes
            schistocytes | remark | no
            """,
            ["schistocytes yes 0"],
            {0: "used"},
            ["context-contradiction"],
        ),
        # What two results contradict is not known, nor is what would follow from it.
        (
            """
            code      | from   | answer | number
            pregnant  | result | yes    |
            pregnant  | result | no     |
            trimester | remark | yes    | 2
            """,
            [],
            {0: "held", 1: "held"},
            ["context-contradiction", "observations-disagree", "observations-disagree"],
        ),
        (
            """
            code         | from   | answer | status
            schistocytes | result | yes    | corrected
            schistocytes | result | yes    | cancelled
            schistocytes | remark | yes    | corrected
            """,
            ["schistocytes yes -"],
            {0: "superseded", 1: "ignored"},
            [],
        ),
        # A bare yes takes the date that stands first beside it, none that was replaced.
        (
            """
            code       | from   | answer | day
            transfused | result | yes    |
            transfused | remark | yes    | 2026-01-02
            transfused | remark | yes    | 2026-01-01
            """,
            ["transfused yes 0 2026-01-02"],
            {0: "used"},
            ["context-contradiction"],
        ),
        (
            """
            code       | from   | answer | day        | status
            transfused | result | yes    | 2026-01-02 | preliminary
            transfused | result | yes    |            | final
            """,
            ["transfused yes 1"],
            {0: "superseded", 1: "used"},
            [],
        ),
        (
            """
            code     | from   | answer | accession
            pregnant | remark | yes    | S1
            pregnant | remark | no     | S2
            """,
            ["pregnant no -", "pregnant yes -"],
            {},
            [],
        ),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_counts(text, said, fates, notes, backwards):
    table = observations_from(text)
    # The labels of the rows mean nothing.
    table = table.iloc[::-1].set_axis([0] * len(table)) if backwards else table
    agreed = select_observations(table, KNOWLEDGE)
    found = [
        f"{row.code} {row.answer} {'-' if pd.isna(row.result_id) else row.result_id}"
        + ("" if pd.isna(row.day) else f" {row.day:%Y-%m-%d}")
        for row in agreed.observations.itertuples()
    ]
    assert sorted(found) == said
    assert dict(sorted(agreed.dispositions.items())) == fates
    assert sorted(agreed.issues["code"]) == notes
    held = [number for number, fate in fates.items() if fate == "held"]
    assert sorted(agreed.held["result_id"]) == held
    assert set(agreed.held["code"]) <= {"observations-disagree"}


def test_nothing_said():
    agreed = select_observations(Observations.no_rows(), KNOWLEDGE)
    assert agreed.observations.empty
    assert agreed.dispositions.empty


def test_what_became_of_words_stands_beside_what_became_of_numbers():
    said = observations_from(
        """
        code         | from   | answer
        schistocytes | result | yes
        schistocytes | result | no
        """
    )
    agreed = select_observations(said, KNOWLEDGE)
    numbers = replace(
        select_reportable(Results.no_rows(), agreed.held, KNOWLEDGE),
        held=agreed.held.iloc[:1].assign(result_id=7),
        issues=agreed.issues.iloc[:1],
        dispositions=pd.Series({7: "held"}),
    )
    joined = join_selected(numbers, agreed)
    assert list(joined.held["result_id"]) == [7, 0, 1]
    assert list(joined.held.index) == [0, 1, 2]
    assert len(joined.issues) == 3
    assert dict(joined.dispositions) == {7: "held", 0: "held", 1: "held"}
    assert joined.results is numbers.results
