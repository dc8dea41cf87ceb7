"""What stands of each rule, who comes first, and what is told of each person."""

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.interpret import interpret_results
from pipeline.interpret.by_accession import index_results
from pipeline.interpret.current import current_findings, rank_patients
from pipeline.interpret.evaluator import Questions
from pipeline.knowledge.conditions import Compare, Group, Observed, RuleIs, Undecided
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.model import PriorityClass, Rule
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import read_lines
from schemas import Findings, Observations, Results

WHOLE = load_knowledge()
KINDS = Findings.column_types()


def rule(name, limit, direction="below"):
    when = Compare(direction=direction, limit=limit)
    return Rule(id=name, title=name, when=when, comment=(), suggest=())


RULES = {
    each.id: each
    for each in (
        rule("low-platelets", "platelets.low"),
        rule("large", "mcv.large-adult", "above"),
        rule("anemia", "hemoglobin.anemia"),
        rule("low-b12", "b12.deficient"),
    )
}


def any_of(rank, *conditions):
    when = conditions[0]
    if len(conditions) > 1:
        when = Group(kind="any", members=conditions)
    return PriorityClass(rank=rank, title="", when=when)


SMALL = replace(
    WHOLE,
    rules=RULES,
    artifacts={},
    adjustments=(),
    priorities=(
        any_of(1, Compare(direction="below", limit="platelets.severe"), RuleIs(rule="low-b12")),
        replace(
            any_of(3, RuleIs(rule="anemia"), RuleIs(rule="low-platelets")), holds_conflicts=True
        ),
        any_of(4, Observed(observation="diluted")),
        PriorityClass(rank=5, title="", when=None),
        PriorityClass(rank=6, title="", when=None),
    ),
    orders=tuple(replace(order, first=()) for order in WHOLE.orders),
    for_information=replace(WHOLE.for_information, when=(), unless=(), never=()),
)


def interpret(text, knowledge=SMALL, **changed):
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], knowledge)
    held = changed.get("held", lambda rows: rows)(tables.held)
    return interpret_results(
        tables.results, held, knowledge, observations=tables.observations,
        seen=changed.get("seen"),
    )  # fmt: skip


def stands(*lines):
    """Say which lines of `day outcome status` stand; one rule of one patient."""
    rows = []
    for number, line in enumerate(lines):
        day, outcome, *status = line.split()
        rows.append(
            {
                **dict.fromkeys(KINDS, ""),
                "patient_id": "P1",
                "rule": "r",
                "accession": str(number),
                "collected_at": pd.NaT if day == "-" else pd.Timestamp(f"2026-03-{day}"),
                "outcome": outcome,
                "status": " ".join(status),
                "profile": "made",
                "knowledge_version": "made",
            }
        )
    table = Findings.validate(pd.DataFrame(rows, columns=list(KINDS)).astype(KINDS))
    found = current_findings(table)
    assert list(found.index) == list(range(len(found)))
    return " ".join(found["accession"])


@pytest.mark.parametrize(
    ("lines", "current"),
    [
        (["01 present confirmed"], "0"),
        (["01 absent"], "0"),
        (["01 not-tested"], ""),
        (["01 indeterminate"], "0"),
        # The latest day on which it was decided, whatever the hour.
        (["01 present confirmed", "02 absent"], "1"),
        (["01 absent", "02 present confirmed"], "1"),
        (["01 present confirmed", "01T09 absent", "02 not-tested"], "0 1"),
        # What could not be decided on that day or later stands beside it.
        (["01 present confirmed", "02 indeterminate"], "0 1"),
        (["01 indeterminate", "02 present confirmed"], "1"),
        (["02 indeterminate", "02 present confirmed"], "0 1"),
        (["01 indeterminate", "02 indeterminate"], "0 1"),
        # Without a date nothing can be put in order.
        (["- present confirmed", "01 present confirmed", "02 absent"], "0 2"),
        (["- indeterminate", "02 absent"], "0 1"),
        (["- absent unconfirmed", "02 absent"], "0 1"),
        (["- indeterminate", "- absent"], "0 1"),
        # Absent on a specimen that is doubted settles nothing; present does.
        (["01 present confirmed", "02 absent unconfirmed"], "0 1"),
        (["01 absent unconfirmed", "02 present confirmed"], "1"),
        (["01 absent unconfirmed", "02 absent"], "1"),
        (["01 present confirmed", "03 present unconfirmed"], "1"),
        # Perhaps within 24 hours: the believed one stands beside the later one that is doubted.
        (["01 present confirmed", "02 present unconfirmed"], "0 1"),
        (["01 present unconfirmed", "02 absent"], "1"),
    ],
)
def test_what_stands(lines, current):
    assert stands(*lines) == current


def test_of_each_patient_and_rule_by_itself():
    said = interpret(
        """
        patient | sex | age | day        | hemoglobin | platelets
        P1      | F   | 40y | 2026-03-01 | 100        | 100
        P1      | F   | 40y | 2026-03-02 | 130        |
        P2      | F   | 40y | 2026-03-03 |            | 200
        """
    )
    of = ["patient_id", "rule", "outcome"]
    assert [" ".join(row) for row in said.current[of].itertuples(index=False)] == [
        "P1 low-platelets present",
        "P1 anemia absent",
        "P2 low-platelets absent",
    ]


def told(said, *columns):
    return [
        " ".join("-" if pd.isna(cell) or cell == "" else str(cell) for cell in row)
        for row in said.patients[list(columns)].itertuples(index=False)
    ]


def test_classes_of_the_worklist():
    """The first class that stands; what no class names goes to the last; then open, then none."""
    text = """
        patient | sex | age | day        | hemoglobin | mcv  | platelets | vitamin-b12 | diluted
        P1      | F   | 40y | 2026-03-01 |            |      | 49        |             |
        P2      | F   | 40y | 2026-03-01 | 100        |      |           | 100         |
        P3      | F   | 40y | 2026-03-01 | 100        |      |           |             |
        P4      | F   | 40y | 2026-03-01 |            | 105  |           |             |
        P5      | F   | 40y | 2026-03-01 | 130        |      |           |             | yes
        P6      | ?   | 40y | 2026-03-01 | 125        | 90   |           |             |
        P7      | F   | 40y | 2026-03-01 | 130        | held |           |             |
        P8      | F   | 40y | 2026-03-01 | 130        |      |           |             |
        P9      | F   | 40y | 2026-03-01 |            |      | held      |             |
        Pa      | F   | 40y | 2026-03-01 |            |      | 49        |             |
        Pa      | F   | 40y | 2026-03-02 |            |      | 200       |             |
        Pb      | F   | 40y | 2026-03-01 |            |      | 49        |             |
        Pb      | F   | 40y | 2026-03-02 |            |      | 50        |             |
    """
    said = interpret(text)
    ranks = dict(zip(said.patients["patient_id"], said.patients["priority"], strict=True))
    assert ranks == {
        "P1": 1, "P2": 1, "P3": 3, "Pb": 3, "P4": 4, "P5": 4, "P6": 5, "P7": 5, "P9": 5,
        "P8": 5, "Pa": 5,
    }  # fmt: skip
    without = interpret(text, replace(SMALL, priorities=()))
    assert set(without.patients["priority"]) == {5, 6}
    assert list(said.patients.index) == list(range(11))


def test_what_nobody_measured_is_not_nothing_found():
    said = interpret("patient | ferritin\nP1 | 20")
    assert told(said, "patient_id", "priority", "not_assessable") == ["P1 5 0"]


@pytest.mark.parametrize("code", ["identity-conflict", "specimen-conflict", "not-a-number"])
def test_persons_in_conflict_are_at_least_in_the_class_that_holds_them(code):
    """Those who are named; results that name nobody belong to nobody."""
    said = interpret(
        f"""
        patient | sex | age | hemoglobin      | platelets
        P1      | F   | 40y | held {code}     |
        P2      | F   | 40y | 130             | 40
        P3      | F   | 40y | held zero-alone |
        """,
        held=lambda rows: rows.assign(
            patient_id=rows["patient_id"].where(rows["patient_id"].ne("P3"), "")
        ),
    )
    last = "P1 3 1" if code != "not-a-number" else "P1 5 1"
    assert told(said, "patient_id", "priority", "held") == ["P2 1 0", last]
    assert said.patients["in_conflict"].to_list() == [False, code != "not-a-number"]


def test_a_version_makes_a_person_in_conflict_more_urgent():
    text = """
        patient | sex | age | hemoglobin             | platelets | vitamin-b12
        P1      | F   | 40y | held identity-conflict |           |
        P2      | F   | 40y | held identity-conflict |           |
        P3      | F   | 40y |                        | 40        |
        P4      | F   | 40y | held specimen-conflict | 40        |
    """
    tables = tables_of([dict(line.cells) for line in read_lines(text, "t")], SMALL)
    said = interpret_results(
        tables.results, tables.held, SMALL, observations=tables.observations,
        versions={"P1": (1, False, 0.3), "P2": (6, False, float("nan")),
                  "P4": (4, False, 0.1)},
    )  # fmt: skip
    # What counts of a person may be more urgent than what is in conflict.
    assert told(said, "patient_id", "priority") == ["P1 1", "P3 1", "P4 1", "P2 3"]


def test_counts_and_dates():
    said = interpret(
        """
        patient | sex | age | day        | hemoglobin | mcv  | platelets | vitamin-b12
        P1      | F   | 40y | 2026-03-01 |            |      |           | 100
        P1      | F   | 40y | 2026-03-05 | 100        | held | 100       |
        P2      | ?   | 40y | 2026-03-02 | 125        |      |           |
        P2      | ?   | 40y | 2026-03-03 | 125        |      | held      |
        P3      | F   | 40y | 2026-03-04 | 130        |      |           |
        P4      | ?   | 40y | 2026-03-02 | 125        |      |           |
        P4      | ?   | 40y | 2026-03-03 |            |      | 100       |
        """
    )
    columns = ["patient_id", "findings", "not_assessable", "held", "unconfirmed"]
    assert told(said, *columns) == ["P1 3 1 1 0", "P4 1 1 0 0", "P2 0 3 1 0", "P3 0 0 0 0"]
    day = ["patient_id", "waiting_since", "last_collected_at"]
    assert [line.replace(" 00:00:00", "") for line in told(said, *day)] == [
        "P1 2026-03-01 2026-03-05",
        # The oldest of what is found; what is open counts only where nothing was.
        "P4 2026-03-03 2026-03-03",
        "P2 2026-03-02 2026-03-03",
        "P3 - 2026-03-04",
    ]


def test_doubted_findings_are_counted():
    artifact = replace(WHOLE.artifacts["clumps"], when=Observed(observation="platelet-clumps"))
    knowledge = replace(SMALL, artifacts={"clumps": artifact})
    said = interpret(
        """
        patient | sex | age | platelets | hemoglobin | platelet-clumps
        P1      | F   | 40y | 100       | 100        | yes
        P2      | F   | 40y | 100       | 100        | no
        """,
        knowledge,
    )
    assert told(said, "patient_id", "findings", "unconfirmed") == ["P1 2 1", "P2 2 0"]


def test_order_within_a_class():
    """Here by the number alone; then the id, as nobody noted when a file arrived."""
    said = interpret(
        """
        patient | sex | age | day        | hemoglobin | platelets | mcv
        P1      | F   | 40y | 2026-03-05 | 100        |           |
        P2      | F   | 40y |            | 100        |           |
        P3      | F   | 40y | 2026-03-01 | 100        |           |
        P4      | F   | 40y | 2026-03-09 | 100        | 100       |
        P0      | F   | 40y | 2026-03-05 | 100        |           |
        P5      | F   | 40y | 2026-03-05 |            |           | 105
        """
    )
    assert " ".join(said.patients["patient_id"]) == "P4 P0 P1 P2 P3 P5"


def test_reasons_stand_in_the_order_of_urgency():
    """Rules that a class names, in its order; then the others, in the order of the rules."""
    said = interpret(
        """
        patient | sex | age | day        | hemoglobin | mcv | platelets | vitamin-b12
        P1      | F   | 40y | 2026-03-01 | 100        | 105 | 100       | 100
        P1      | F   | 40y | 2026-03-01 |            |     | 100       |
        P2      | F   | 40y | 2026-03-01 |            | 105 | 100       |
        P3      | F   | 40y | 2026-03-01 | 130        |     |           |
        P4      | F   | 40y | 2026-03-01 |            | 105 |           |
        P5      | F   | 40y | 2026-03-01 | 100        | 105 |           |
        """
    )
    assert told(said, "patient_id", "reasons") == [
        "P1 low-b12; anemia; low-platelets; large",
        "P2 low-platelets; large",
        "P5 anemia; large",
        "P4 large",
        "P3 -",
    ]


def test_a_class_asks_what_stands_now():
    """Of alternatives each by itself; what was found earlier and refuted since does not stand."""
    knowledge = replace(
        SMALL,
        priorities=(
            any_of(2, RuleIs(rule="low-b12"), Undecided(rule="anemia", because="sex-unknown")),
        ),
    )
    said = interpret(
        """
        patient | sex | age | day        | hemoglobin | vitamin-b12
        P1      | F   | 40y | 2026-03-01 |            | 100
        P1      | F   | 40y | 2026-03-02 | 130        |
        P2      | F   | 40y | 2026-03-01 |            | 100
        P2      | F   | 40y | 2026-03-02 |            | 500
        P3      | F   | 40y | 2026-03-01 |            | 100
        P3      | F   | 40y | 2026-03-02 |            | held
        P4      | ?   | 40y | 2026-03-01 | 125        |
        """,
        knowledge,
    )
    ranks = dict(zip(said.patients["patient_id"], said.patients["priority"], strict=True))
    assert ranks == {"P1": 2, "P2": 6, "P3": 2, "P4": 2}


def people(*lines):
    """List who is who out of lines `id | day | name | sex | born`."""
    kinds = Results.column_types()
    tables = tables_of([{"mcv": "90", "patient": "Q"}], WHOLE)
    rows = []
    for line in lines:
        patient, day, name, sex, born = (cell.strip() for cell in line.split("|"))
        rows.append(
            {
                **tables.results.drop(columns="derived").iloc[0].to_dict(),
                "patient_id": patient,
                "collected_at": pd.Timestamp(day) if day else pd.NaT,
                "patient_name": name,
                "sex": sex,
                "birth_date": pd.Timestamp(born) if born else pd.NaT,
                "result_id": len(rows),
            }
        )
    seen = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    specimen_index = index_results(tables.results.iloc[:0], tables.held, ())
    empty = Findings.no_rows()
    ranked = rank_patients(
        specimen_index, seen, tables.held, empty, Questions(specimen_index, SMALL), SMALL
    )
    columns = ["patient_id", "patient_name", "sex", "birth_date", "last_collected_at"]
    cells = ranked[columns].astype(object).itertuples(index=False)
    return [
        " ".join("-" if pd.isna(cell) or cell == "" else str(cell)[:10] for cell in row)
        for row in cells
    ]


@pytest.mark.parametrize(
    ("lines", "person"),
    # The latest statement of each kind; of one day the first in the alphabet, whatever the order.
    [
        (["P1 | 2026-03-01 | Ann | F | 1980-01-01"], "P1 Ann F 1980-01-01 2026-03-01"),
        (["P1 | 2026-03-01 | Ann | F |", "P1 | 2026-03-02 | Bea | | "], "P1 Bea F - 2026-03-02"),
        (["P1 | 2026-03-01 | Bea | | ", "P1 | 2026-03-01 | Ann | | "], "P1 Ann - - 2026-03-01"),
        (["P1 | 2026-03-01 | | F | ", "P1 | 2026-03-01 | Ann | M | "], "P1 Ann M - 2026-03-01"),
        (["P1 | 2026-03-01 | Ann | F | ", "P1 | 2026-03-01 | Ann | M | "], "P1 Ann F - 2026-03-01"),
        (
            ["P1 | 2026-03-01 | A | F | 1980-01-02", "P1 | 2026-03-01 | A | F | 1980-01-01"],
            "P1 A F 1980-01-01 2026-03-01",
        ),
        (["P1 | | Bea | F | ", "P1 | 2026-03-01 | Ann | M | "], "P1 Ann M - 2026-03-01"),
        (["P1 | | Bea | | "], "P1 Bea - - -"),
    ],
)
def test_who_somebody_is(lines, person):
    for ordered in (lines, lines[::-1]):
        assert people(*ordered) == [person]


def test_each_person_has_one_line():
    assert people(
        "P2 | 2026-03-02 | Bea | F | ", " | 2026-03-02 | Nobody | F | ",
        "P1 | 2026-03-01 | Ann | F | ", "P2 | 2026-03-01 | Bea | F | ",
    ) == ["P1 Ann F - 2026-03-01", "P2 Bea F - 2026-03-02"]  # fmt: skip


def test_whoever_was_only_spoken_of_has_a_line():
    said = interpret("patient | day | diluted | ferritin\nP1 | 2026-03-01 | yes |\nP2 | | | 20")
    names = ["patient_id", "patient_name", "sex", "birth_date", "last_collected_at"]
    assert told(said, *names) == ["P1 - - - 2026-03-01 00:00:00", "P2 - - - -"]
    assert Observations.no_rows().empty
