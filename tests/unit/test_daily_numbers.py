"""Specimen numbers that start anew each day, by setting, by layout and by what recurs."""

from datetime import datetime

import pandas as pd
import pytest

from pipeline.assessment import assess
from pipeline.commands.context import pass_through
from pipeline.commands.history import count_results, decide_conflict, reassign_patient
from pipeline.commands.run import run_batch
from pipeline.commands.status import look_at_site
from pipeline.config import Settings
from pipeline.history.stored import open_history
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.decisions import REJECT, RELEASE, list_conflicts
from pipeline.report.worklist.identity_sheet import tabulate_versions
from pipeline.texts import ENGLISH

KNOWLEDGE = load_knowledge()
HEADER = "patient_id,sample_id,collected_at,analyte,value,unit,status"
NOW = datetime(2026, 11, 1, 7, 30)


def csv(lines: str) -> str:
    """Make an export of lines such as "P1 | 1 | 2026-03-01 | HGB | 9.1 | g/dL"."""
    rows = [",".join(cell.strip() for cell in line.split("|")) for line in lines.splitlines()]
    return "\n".join([HEADER, *(row + "," * (6 - row.count(",")) for row in rows if row)]) + "\n"


@pytest.fixture
def judged(tmp_path):
    def judge_files(*files: str, specimen_ids="", layout=None, decisions=()):
        read = []
        for number, text in enumerate(files):
            path = tmp_path / f"{number}.csv"
            path.write_text(text, encoding="utf-8")
            read.append(read_results(path, path.name, KNOWLEDGE, SiteConventions(), layout))
        return assess(combine(read), KNOWLEDGE, decisions, specimen_ids)

    return judge_files


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        ("A | 1 | 2026-03-01\nB | 1 | 2026-03-02", ["1 (2026-03-01)", "1 (2026-03-02)"]),
        ("A | 1 | 2026-03-01\nA | 1 | 2026-03-02", ["1 (2026-03-01)", "1 (2026-03-02)"]),
        ("A | 1 | 2026-03-01T23:50\nA | 1 | 2026-03-02T00:10", ["1 (2026-03-01)"] * 2),
        ("A | 1 | 2026-03-02T00:10\nA | 1 | 2026-03-01T23:50", ["1 (2026-03-01)"] * 2),
        ("A | 1 | 2026-03-01T18:00\nA | 1 | 2026-03-02T05:59", ["1 (2026-03-01)"] * 2),
        (
            "A | 1 | 2026-03-01T17:59\nA | 1 | 2026-03-02T00:10",
            ["1 (2026-03-01)", "1 (2026-03-02)"],
        ),
        (
            "A | 1 | 2026-03-01T23:50\nA | 1 | 2026-03-02T06:00",
            ["1 (2026-03-01)", "1 (2026-03-02)"],
        ),
        (
            "A | 1 | 2026-03-01T23:50\nB | 1 | 2026-03-02T00:10",
            ["1 (2026-03-01)", "1 (2026-03-02)"],
        ),
        ("A | 1 | 2026-03-01T23:50\nA | 2 | 2026-03-02T00:10", ["1 (2026-03-01)", "2 (2026-03-02)"]),
        ("A | 1 | 2026-03-01T23:50\nA | 1 | 2026-03-02", ["1 (2026-03-01)", "1 (2026-03-02)"]),
        (
            "A | 1 | 2026-03-01T08:00\nA | 1 | 2026-03-01T23:50\nA | 1 | 2026-03-02T00:10",
            ["1 (2026-03-01)"] * 3,
        ),
        ("A | 007/3 | 2026-03-01\nB | 007/3 | 2026-03-02", ["007/3 (2026-03-01)", "007/3 (2026-03-02)"]),
        ("A | | 2026-03-01\nB | | 2026-03-02", ["A@2026-03-01", "B@2026-03-02"]),
    ],
)  # fmt: skip
def test_number_and_day_name_a_specimen(judged, lines, answer):
    analytes = ("HGB | 9.1 | g/dL", "MCV | 104 | fL", "PLT | 150 | 10^9/L")
    rows = [f"{line} | {of}" for line, of in zip(lines.splitlines(), analytes, strict=False)]
    found = judged(csv("\n".join(rows)), specimen_ids="restart-daily")
    assert found.held.empty
    results = found.dataset.results.sort_values("result_id")
    assert results["accession"].tolist() == answer


def test_two_people_with_one_number_on_one_day_are_a_conflict(judged):
    same_day = "A | 1 | 2026-03-01 | HGB | 9.1 | g/dL\nB | 1 | 2026-03-01 | HGB | 9.9 | g/dL\n"
    found = judged(csv(same_day + "C | 1 | 2026-03-02 | HGB | 9.9 | g/dL"), specimen_ids="restart-daily")  # fmt: skip
    assert found.held["code"].tolist() == ["specimen-conflict"] * 2
    assert found.held["accession"].unique().tolist() == ["1 (2026-03-01)"]
    assert found.dataset.results["patient_id"].tolist() == ["C"]


def test_a_correction_of_the_same_number_and_day_replaces_and_another_day_does_not(judged):
    first = csv("A | 1 | 2026-03-01 | HGB | 9.1 | g/dL | final")
    later = csv(
        "A | 1 | 2026-03-01 | HGB | 11.9 | g/dL | corrected\n"
        "A | 1 | 2026-03-02 | HGB | 8.8 | g/dL | final"
    )
    found = judged(first, later, specimen_ids="restart-daily")
    assert found.held.empty
    used = found.selected.results.set_index("accession")["original_value"].to_dict()
    assert used == {"1 (2026-03-01)": 11.9, "1 (2026-03-02)": 8.8}


def test_a_number_without_a_day_is_held_and_touches_no_other(judged):
    lines = "A | 1 | | HGB | 9.1 | g/dL\nB | 1 | | HGB | 9.2 | g/dL\nC | 1 | 2026-03-01 | HGB | 9.3 | g/dL"  # fmt: skip
    found = judged(csv(lines), specimen_ids="restart-daily")
    assert found.held["code"].tolist() == ["specimen-no-day"] * 2
    assert found.dataset.results["accession"].tolist() == ["1 (2026-03-01)"]


def test_a_day_that_cannot_be_read_puts_nothing_in_conflict(judged):
    lines = "A | 1 | 2031-02-21 | HGB | 9.1 | g/dL\nB | 1 | someday | HGB | 9.2 | g/dL\nC | 1 | 2026-03-01 | HGB | 9.3 | g/dL"  # fmt: skip
    found = judged(csv(lines), specimen_ids="restart-daily")
    assert sorted(found.held["code"]) == ["date-impossible", "date-unreadable"]
    assert found.dataset.results["patient_id"].tolist() == ["C"]


def days(count: int, people: str = "A B") -> list[str]:
    """Make one file a day, each with so many numbers, of other people each day."""
    return [
        csv("\n".join(
            f"{who}{n} | {n} | 2026-03-{day:02} | HGB | 9.1 | g/dL" for n in range(1, count + 1)
        ))
        for day, who in enumerate(people.split(), 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "specimen_ids", "held"),
    [
        (days(19), "", 38),
        (days(20), "", 0),
        (["".join([days(20)[0], *days(20)[1].splitlines(keepends=True)[1:]])], "", 0),
        (days(20)[::-1], "", 0),
        (days(20), "unique", 40),
        (days(2), "restart-daily", 0),
        # Ten numbers on each of two pairs of days are not twenty numbers.
        (days(10, "A B C D"), "", 40),
        # Two people on the same day show nothing.
        ([days(20)[0], days(20)[1].replace("03-02", "03-01")], "", 40),
    ],
)
def test_twenty_numbers_that_recur_show_it(judged, files, specimen_ids, held):
    found = judged(*files, specimen_ids=specimen_ids)
    assert len(found.held) == held
    assert set(found.held["code"]) <= {"specimen-conflict"}
    notes = found.issues["code"].eq("specimen-ids-assumed").sum()
    assert notes == (1 if not held and not specimen_ids else 0)


def test_what_has_no_day_stays_as_it_is_where_it_is_only_assumed(judged):
    undated = csv("Z | Q-77 | | Vitamin B12 | 150 | pg/mL")
    found = judged(*days(20), undated)
    assert found.held.empty
    assert "Q-77" in set(found.dataset.results["accession"])


def test_a_layout_says_it_of_its_own_files(tmp_path):
    layout = Layout(
        id="bench", title="A bench", requires=("Nr",), specimen_ids="restart-daily",
        columns={"Nr": "sample_id"},
    )  # fmt: skip
    read = []
    for number, (text, chosen) in enumerate(
        [
            (days(2)[0].replace("sample_id", "Nr"), layout),
            (days(2)[1].replace("sample_id", "Nr"), layout),
            # Another sender, whose numbers are his own.
            (csv("A1 | 1 | 2026-03-03 | HGB | 9.1 | g/dL"), None),
        ]
    ):
        path = tmp_path / f"{number}.csv"
        path.write_text(text, encoding="utf-8")
        read.append(read_results(path, path.name, KNOWLEDGE, SiteConventions(), chosen))
    found = assess(combine(read), KNOWLEDGE)
    assert found.held.empty
    names = found.dataset.results["accession"].tolist()
    assert names == ["1 (2026-03-01)", "2 (2026-03-01)", "1 (2026-03-02)", "2 (2026-03-02)", "1"]
    assert found.issues["code"].tolist().count("specimen-ids-daily") == 2


def test_another_layout_is_another_source(tmp_path):
    layout = Layout(id="bench", title="A bench", requires=("Nr",), columns={"Nr": "sample_id"})
    read = []
    for number, (text, chosen) in enumerate(
        [(days(25)[0].replace("sample_id", "Nr"), layout), (days(25)[1], None)]
    ):
        path = tmp_path / f"{number}.csv"
        path.write_text(text, encoding="utf-8")
        read.append(read_results(path, path.name, KNOWLEDGE, SiteConventions(), chosen))
    found = assess(combine(read), KNOWLEDGE)
    assert set(found.held["code"]) == {"specimen-conflict"}


def test_film_words_and_remarks_go_with_their_specimen(judged):
    head = "patient_id,sample_id,collected_at,PLT (10^9/L),Film comment\n"
    found = judged(
        head + "A,1,2026-03-01,90,platelet clumps\n",
        head + "B,1,2026-03-02,95,\n",
        specimen_ids="restart-daily",
    )
    assert found.observations["accession"].unique().tolist() == ["1 (2026-03-01)"]
    low = found.findings
    low = low[low["rule"].eq("low-platelets")].set_index("accession")["status"].to_dict()
    assert low == {"1 (2026-03-01)": "unconfirmed", "1 (2026-03-02)": "confirmed"}


@pytest.fixture
def site(tmp_path):
    def run(*files: str, **options):
        settings = Settings(output=tmp_path / "out", **options)
        for number, text in enumerate(files):
            path = tmp_path / f"day{number}.csv"
            path.write_text(text, encoding="utf-8")
            run_batch([path], settings, clock=lambda: NOW, progress=pass_through)
        return settings

    return run


def reports(settings: Settings) -> list[str]:
    return sorted(path.stem for path in (settings.output / "patients").glob("*.xlsx"))


@pytest.mark.parametrize(("count", "specimen_ids"), [(2, "restart-daily"), (20, "")])
def test_the_second_day_takes_no_report_of_the_first_back(site, count, specimen_ids):
    first, second = days(count)
    settings = site(first, specimen_ids=specimen_ids)
    before = reports(settings)
    site(first, second, specimen_ids=specimen_ids)
    assert len(before) == count
    assert set(before) < set(reports(settings))
    assert len(reports(settings)) == 2 * count


def test_the_setting_cures_a_history_that_was_held(site):
    settings = site(*days(2))
    assert reports(settings) == []
    assert [conflict.is_specimen for conflict in look_at_site(settings).conflicts] == [True, True]
    cured = Settings(output=settings.output, specimen_ids="restart-daily")
    run_batch((), cured, clock=lambda: NOW, progress=pass_through)
    assert reports(cured) == ["A1", "A2", "B1", "B2"]
    assert look_at_site(cured).conflicts == ()


@pytest.mark.parametrize(
    ("kind", "version", "reported"),
    [(RELEASE, 1, ["A1"]), (RELEASE, 2, ["B1"]), (REJECT, 1, ["B1"]), (REJECT, 2, ["A1"])],
)
def test_a_specimen_in_conflict_can_be_decided(site, kind, version, reported):
    settings = site(*days(1))
    (conflict,) = look_at_site(settings).conflicts
    assert (conflict.versions, conflict.results) == (2, 2)
    decide_conflict(settings, kind, conflict.hold, version, "somebody", clock=lambda: NOW)
    assert reports(settings) == reported
    assert look_at_site(settings).conflicts == ()
    issues = pd.read_csv(settings.output / "issues.csv")["code"].tolist()
    assert issues == ["specimen-rejected"]


def test_a_third_patient_is_a_new_conflict(site):
    files = days(1, "A B C")
    settings = site(*files[:2])
    (first,) = look_at_site(settings).conflicts
    decide_conflict(settings, RELEASE, first.hold, 1, "somebody", clock=lambda: NOW)
    site(*files)
    (second,) = look_at_site(settings).conflicts
    assert second.hold != first.hold
    assert second.versions == 2
    assert reports(settings) == []


def test_the_identity_sheet_names_hold_and_version_of_specimens(judged):
    held = judged(*days(1)).held
    (conflict,) = list_conflicts(held)
    _, lines = tabulate_versions(held, held, ENGLISH)
    told = [[entry.value for entry in line[:5]] for line in lines]
    assert [line[0] for line in told] == ["1", "1"]
    assert [line[2:] for line in told] == [["A1", conflict.hold, "1"], ["B1", conflict.hold, "2"]]


def test_reassigning_a_specimen_takes_its_name_as_reports_show_it(site):
    settings = site(
        csv("A | 1 | 2026-03-01T23:50 | HGB | 9.1 | g/dL\nA | 1 | 2026-03-02T00:10 | MCV | 104 | fL"),
        csv("A | 1 | 2026-03-03 | HGB | 9.3 | g/dL"),
        specimen_ids="restart-daily",
    )  # fmt: skip
    name = "1 (2026-03-01)"
    assert count_results(settings, "A", name, clock=lambda: NOW) == 2
    reassign_patient(settings, "A", "B", name, "somebody", clock=lambda: NOW)
    findings = pd.read_csv(settings.output / "findings.csv")
    owners = findings.groupby("accession")["patient_id"].unique().map(list).to_dict()
    assert owners == {name: ["B"], "1 (2026-03-03)": ["A"]}
    with open_history(settings.output / "labflag.db") as history:
        assert history.load().results["accession"].unique().tolist() == ["1"]
