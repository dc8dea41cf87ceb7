"""Rules compared with rules, and with a truth, on whole exports."""

import csv
import json

import pytest

from tests.cli.conftest import ROOT

SAMPLES = ROOT / "sample_data"
LIMITS = """
title = "Other limits"

[[limit]]
id = "hemoglobin.moderate"
analyte = "hemoglobin"
source = "convention"
wording = "moderate below 100 g/L"
strata = [{ values = { "g/L" = 100 } }]

[[limit]]
id = "b12.deficient"
analyte = "vitamin-b12"
source = "convention"
wording = "below 200 ng/L or 148 pmol/L"
strata = [{ values = { "ng/L" = 200, "pmol/L" = 148 } }]

[[limit]]
id = "platelets.low"
analyte = "platelets"
source = "convention"
wording = "below 140"
strata = [{ values = { "10*9/L" = 140 } }]
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "site/profiles").mkdir(parents=True)
    (tmp_path / "site/profiles/other.toml").write_text(LIMITS, encoding="utf-8")
    return tmp_path / "site"


def answers_in(folder):
    with (folder / "findings.csv").open(encoding="utf-8", newline="") as stream:
        return {
            (row["patient_id"], row["accession"], row["rule"]): row
            for row in csv.DictReader(stream)
        }


def brute_force(before, after):
    """Compare two full runs line by line: rule → kind of difference → count."""
    counts = {}
    for key in {*before, *after}:
        was, is_ = before[key], after[key]
        count = counts.setdefault(
            key[2],
            dict.fromkeys(
                (
                    "before",
                    "after",
                    "both",
                    "gained",
                    "lost",
                    "outcome",
                    "reason",
                    "grade",
                    "status",
                ),
                0,
            ),
        )
        present = [side["outcome"] == "present" for side in (was, is_)]
        count["before"] += present[0]
        count["after"] += present[1]
        count["both"] += all(present)
        if present == [False, True]:
            count["gained"] += 1
        elif present == [True, False]:
            count["lost"] += 1
        else:
            for name in ("outcome", "reason", "grade", "status"):
                if was[name] != is_[name]:
                    count[name] += 1
                    break
    return counts


def test_it_agrees_with_two_full_runs(labflag, site, tmp_path):
    knowledge = ("--knowledge", site)
    for profile in ("default", "other"):
        labflag("run", SAMPLES, "-o", profile, "--all-outcomes", "--profile", profile, *knowledge)
    expected = brute_force(answers_in(tmp_path / "default"), answers_in(tmp_path / "other"))
    done = labflag("rules", "diff", "default", "other", "--on", SAMPLES, "--json", *knowledge)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert {rule.pop("rule"): rule for rule in told["rules"]} == expected
    assert (told["before"]["profile"], told["after"]["profile"]) == ("default", "other")
    # Otherwise this would compare nothing.
    assert expected["low-b12"]["gained"] > 0
    assert expected["low-platelets"]["lost"] > 0
    assert expected["anemia"]["grade"] > 0


def test_a_shipped_profile_agrees_too(labflag, tmp_path):
    for profile in ("default", "who-nhanes"):
        labflag("run", SAMPLES, "-o", profile, "--all-outcomes", "--profile", profile)
    expected = brute_force(answers_in(tmp_path / "default"), answers_in(tmp_path / "who-nhanes"))
    told = json.loads(
        labflag("rules", "diff", "default", "who-nhanes", "--on", SAMPLES, "--json").stdout
    )
    assert {rule.pop("rule"): rule for rule in told["rules"]} == expected
    assert sum(rule["gained"] + rule["lost"] for rule in expected.values()) > 0


def test_nobody_is_named_unless_asked(labflag, export, site, tmp_path):
    low = "P-1,Aster Sample,F,1980-05-01,S1,2026-03-01,Platelets,145,10*9/L,final"
    high = "P-2,Borage Sample,F,1980-05-01,S2,2026-03-01,Platelets,300,10*9/L,final"
    asked = (
        "rules",
        "diff",
        "default",
        "other",
        "--knowledge",
        site,
        "--on",
        export(low),
        export(high, name="april.csv"),
    )
    quiet = labflag(*asked, "-o", "differences.csv")
    assert quiet.returncode == 1
    assert "1 of 2 patients differ; 1 of them in the class of the worklist." in quiet.stdout
    assert not any(
        word in quiet.stdout + quiet.stderr for word in ("P-1", "P-2", "S1", "Aster", "145")
    )
    named = labflag(*asked, "--patients")
    assert "P-1: class 4 -> 5, 4 differences, lost low-platelets" in named.stdout
    assert "P-2" not in named.stdout
    assert (
        json.loads(labflag(*asked, "--patients", "--json").stdout)["differ"][0]["patient_id"]
        == "P-1"
    )
    with (tmp_path / "differences.csv").open(encoding="utf-8", newline="") as stream:
        row, *_ = csv.DictReader(stream)
    assert (row["patient_id"], row["rule"], row["difference"], row["limit_before"], row["limit_after"], row["value_after"]) == (
        "P-1", "low-platelets", "lost", "150", "140", "145",
    )  # fmt: skip


def test_exit_codes_of_diff(labflag, export, site, tmp_path):
    data = export("P1,,F,1980-05-01,S1,2026-03-01,Platelets,300,10*9/L,final")
    assert labflag("rules", "diff", "default", "default", "--on", data).returncode == 0
    assert labflag("rules", "diff", "default", site, "--on", data).returncode == 0
    assert labflag("rules", "diff", "default", "nowhere", "--on", data).returncode == 4
    assert labflag("rules", "diff", "default", "default").returncode == 2
    (tmp_path / "empty.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert labflag("rules", "diff", "default", "default", "--on", "empty.csv").returncode == 3


def test_rules_against_a_truth(labflag, export, tmp_path):
    low = "P-1,Aster Sample,F,1980-05-01,S1,2026-03-01,Platelets,149,10*9/L,final"
    high = "P-2,Borage Sample,F,1980-05-01,S2,2026-03-01,Platelets,300,10*9/L,final"
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "patient_id,rule,truth\nP-1,low-platelets,yes\nP-2,low-platelets,no\n", encoding="utf-8"
    )
    done = labflag("rules", "evaluate", truth, "--on", export(low, high))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].split() == [
        "low-platelets", "1", "0", "0", "1", "0", "0", "0",
        "100.0%", "(20.7%-100.0%)", "100.0%", "(20.7%-100.0%)", "50.0%", "(9.5%-90.5%)",
    ]  # fmt: skip
    assert not any(word in done.stdout for word in ("P-1", "Aster", "149"))
    (told,) = json.loads(
        labflag("rules", "evaluate", truth, "--on", export(low, high), "--json").stdout
    )
    assert told["sensitivity"]["value"] == 1
    truth.write_text("patient_id,rule,truth\nP-1,low-platelets,perhaps\n", encoding="utf-8")
    refused = labflag("rules", "evaluate", truth, "--on", export(low))
    assert (refused.returncode, refused.stderr) == (
        4,
        "labflag: truth.csv:2: the truth is yes or no\n",
    )
