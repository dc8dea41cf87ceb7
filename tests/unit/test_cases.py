"""Case files: how they are read, what is refused, and that a wrong answer is found."""

import pandas as pd
import pytest

from pipeline.errors import KnowledgeError
from pipeline.knowledge.load import load_knowledge
from pipeline.review.case_tables import tables_of
from pipeline.review.cases import CaseFile, read_case_folder, read_lines
from pipeline.review.trial import require_cases, try_cases, try_rules

KNOWLEDGE = load_knowledge()
STRICTER = """
[[limit]]
id = "platelets.low"
replaces = "platelets.low"
analyte = "platelets"
source = "convention"
wording = "below 160"
strata = [{ values = { "10*9/L" = 160 } }]
"""


def trial_of(text, rule="low-platelets"):
    file = CaseFile(rule=rule, name="table", lines=read_lines(text, "table"))
    return try_cases([file], KNOWLEDGE)[0]


@pytest.fixture
def overlay(tmp_path):
    (tmp_path / "site.toml").write_text(STRICTER, encoding="utf-8")

    def with_cases(text, name="low-platelets.txt"):
        path = tmp_path / "cases" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    with_cases.folder = tmp_path
    return with_cases


def test_tables_end_at_an_empty_line_or_a_heading():
    lines = read_lines("# one\na | b\n1 | 2\n\n# two\nc\n3\n# three\nd\n4", "table")
    assert [(line.number, line.table, dict(line.cells)) for line in lines] == [
        (3, 1, {"a": "1", "b": "2"}),
        (7, 2, {"c": "3"}),
        (10, 3, {"d": "4"}),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("platelets | outcome\n149", "table:2: 1 cells under a header of 2"),
        ("age | age | outcome\n1y | 1y | absent", "table:1: a column stands twice"),
        ("platelet | outcome\n149 | present", "table:2: unknown column 'platelet'; did you mean 'platelets'?"),
        ("platelets\n149", "table:2: a table without an answer"),
        ("platelets | outcome\n1,5 | present", "table:2: cannot read the result '1,5' of platelets"),
        ("platelets | outcome\n149 fL | present", "table:2: platelets is not accepted in 'fL'"),
        ("age | platelets | outcome\nold | 149 | present", "table:2: cannot read the age 'old'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(text, said):
    with pytest.raises(KnowledgeError) as refused:
        trial_of(text)
    assert str(refused.value).startswith(said)


def test_a_file_named_for_no_rule_is_refused():
    with pytest.raises(KnowledgeError, match="no rule named 'low-platelet'"):
        trial_of("platelets | outcome\n149 | present", "low-platelet")


@pytest.mark.parametrize(
    ("header", "cells", "found"),
    [
        ("outcome", "absent", "present"),
        ("reason", "held", ""),
        ("grade", "severe", "mild"),
        ("status", "unconfirmed", "confirmed"),
        ("limit", "151", "150"),
        ("value", "148", "149"),
        ("analyte", "mcv", "platelets"),
        ("comment", "anemia", "low-platelets"),
        ("no-comment", "low-platelets", "low-platelets"),
    ],
)
def test_a_wrong_answer_is_found(header, cells, found):
    trial = trial_of(f"platelets | {header}\n149 | {cells}")
    (failure,) = trial.failures
    assert (failure.line, failure.answer, failure.expected, failure.found, failure.given) == (
        2, header, cells, found, "platelets 149",
    )  # fmt: skip
    assert trial.passed == 0


def test_a_line_with_nothing_reported_is_not_tested():
    assert trial_of("platelets | outcome\n | not-tested\n149 | present").passed == 2
    assert len(trial_of("platelets | outcome\n | absent").failures) == 1


def test_a_result_carries_its_own_unit_and_interval():
    line = {"low": "80", "hemoglobin": "14.9 g/dL [11.5-14.5]", "mcv": "<99"}
    hemoglobin, mcv = tables_of([line], KNOWLEDGE).results.to_dict("records")
    assert (hemoglobin["value"], hemoglobin["original_unit"]) == (149, "g/dL")
    assert (hemoglobin["reference_low"], hemoglobin["reference_high"]) == (11.5, 14.5)
    assert (mcv["comparator"], mcv["value"], mcv["unit"]) == ("<", 99, "fL")
    assert mcv["reference_low"] == 80
    assert pd.isna(mcv["reference_high"])


def test_what_is_said_beside_the_numbers():
    line = {
        "macro-ovalocytes": "yes",
        "pregnant": "no",
        "trimester": "2",
        "b12-started": "2026-01-31",
        "zinc": "",
    }
    said = tables_of([line], KNOWLEDGE).observations.set_index("code")
    assert dict(said["answer"]) == {
        "macro-ovalocytes": "yes", "pregnant": "no", "trimester": "yes", "b12-started": "yes",
    }  # fmt: skip
    assert said.loc["trimester", "number"] == 2
    assert said.loc["b12-started", "day"] == pd.Timestamp("2026-01-31")
    with pytest.raises(KnowledgeError, match="table:2: pregnant is yes or no, not 'maybe'"):
        trial_of("platelets | pregnant | outcome\n149 | maybe | present")


def test_a_day_may_have_a_time():
    lines = [{"day": day, "mcv": "90"} for day in ("2026-03-01", "2026-03-01 08:30", "")]
    said = tables_of(lines, KNOWLEDGE).results["collected_precision"]
    assert list(said) == ["date", "time", ""]


@pytest.mark.parametrize("profile", ["lab-interval", "mayo", "uk-pregnancy"])
def test_no_case_fails_for_being_tried_on_limits_that_it_was_not_written_for(profile):
    trials = {trial.rule: trial for trial in try_rules(profile=profile)}
    assert not [name for name, trial in trials.items() if trial.failures]
    assert trials["low-b12"].not_tried.startswith("differs") == (profile != "uk-pregnancy")


def test_cases_of_a_rule_that_a_site_changed_are_not_tried_on_it(overlay):
    trials = {trial.rule: trial for trial in try_rules(overlay.folder)}
    assert trials["low-platelets"].not_tried.startswith("differs")
    assert trials["bicytopenia"].not_tried.startswith("differs")
    assert trials["anemia"].passed > 0


def test_a_site_brings_cases_of_its_own(overlay):
    folder = overlay("platelets | outcome\n159 | present\n160 | absent")
    trials = {trial.rule: trial for trial in try_rules(folder)}
    assert (trials["low-platelets"].passed, trials["low-platelets"].failures) == (2, ())
    require_cases(folder, "default")


def test_a_folder_whose_cases_fail_is_refused(overlay):
    folder = overlay("platelets | outcome\n160 | present")
    with pytest.raises(KnowledgeError, match=r"low-platelets.txt:2: rule 'low-platelets': outcome"):
        require_cases(folder, "default")


def test_cases_of_a_profile_stand_in_a_folder_of_its_name(overlay):
    profile = overlay.folder / "profiles" / "strict.toml"
    profile.parent.mkdir()
    profile.write_text(
        'title = "Strict"\n'
        + STRICTER.replace('replaces = "platelets.low"\n', "").replace("160", "170"),
        encoding="utf-8",
    )
    overlay("platelets | outcome\n159 | present\n160 | absent")
    folder = overlay("platelets | outcome\n169 | present\n170 | absent", "strict/low-platelets.txt")
    for name in ("default", "strict"):
        trials = {trial.rule: trial for trial in try_rules(folder, name)}
        assert (trials["low-platelets"].passed, trials["low-platelets"].failures) == (2, ())
        require_cases(folder, name)


def test_a_folder_without_cases_has_none(tmp_path):
    assert read_case_folder(tmp_path / "cases") == {}
