"""Persons in conflict: a person decides which version is right, and results flow again."""

import csv
import json
import re

import pytest

HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit,status\n"
OLD = "P1,Aster Sample,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL,final"
WRONG = "P1,Aster Sample,F,2012-05-01,S2,2026-03-02,Hemoglobin,11.8,g/dL,final"
OTHER = "P1,Borage Person,M,1951-01-01,S3,2026-03-03,Platelets,90,10*3/uL,final"
MORE = "P2,Clover Sample,F,1990-01-01,S4,2026-03-03,Platelets,90,10*3/uL,final"


@pytest.fixture
def send(labflag, tmp_path):
    """Run over lines; give the hold ids that status knows then."""

    def send(*lines, name="march.csv"):
        (tmp_path / name).write_text(HEADER + "".join(f"{line}\n" for line in lines))
        labflag("run", name, "-o", "out")
        return holds(labflag)

    return send


def holds(labflag):
    return [
        each["hold"]
        for each in json.loads(labflag("status", "-o", "out", "--json").stdout)["conflicts"]
    ]


def present(tmp_path):
    with (tmp_path / "out/findings.csv").open(newline="") as stream:
        return {
            (row["patient_id"], row["accession"], row["rule"])
            for row in csv.DictReader(stream)
            if row["outcome"] == "present"
        }


def test_release_lets_all_results_count_with_the_right_details(labflag, send, tmp_path):
    (hold,) = send(OLD, WRONG, MORE)
    assert not any(patient == "P1" for patient, _, _ in present(tmp_path))
    done = labflag("release", hold, "--version", 1, "--by", "Dr. Test", "-o", "out")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Aster" not in done.stdout
    # 11.8 g/dL is not anemia in a girl of 13, whom the wrong birth date made her.
    assert {("P1", "S1", "anemia"), ("P1", "S2", "anemia")} <= present(tmp_path)
    assert holds(labflag) == []
    assert send(WRONG.replace("S2", "S9"), name="april.csv") == []
    assert ("P1", "S9", "anemia") in present(tmp_path)


def test_reject_keeps_one_version_held(labflag, send, tmp_path):
    (hold,) = send(OLD, OTHER, MORE)
    assert labflag("reject", hold, "--version", 2, "-o", "out").returncode == 0
    assert {accession for patient, accession, _ in present(tmp_path) if patient == "P1"} == {"S1"}
    assert "identity-rejected" in (tmp_path / "out/issues.csv").read_text()
    assert send(OTHER.replace("S3", "S8"), name="april.csv") == []
    assert {accession for patient, accession, _ in present(tmp_path) if patient == "P1"} == {"S1"}


def test_another_version_is_another_conflict(labflag, send, tmp_path):
    (hold,) = send(OLD, WRONG)
    (wider,) = send(OTHER, name="april.csv")
    assert wider != hold
    refused = labflag("release", hold, "--version", 1, "-o", "out")
    assert refused.returncode == 2
    assert "look at it again" in refused.stderr
    assert labflag("release", wider, "--version", 9, "-o", "out").returncode == 2
    # One version is another person, and the two that remain still contradict each other.
    assert labflag("reject", wider, "--version", 3, "-o", "out").returncode == 0
    assert holds(labflag) == [hold]
    assert labflag("release", hold, "--version", 1, "-o", "out").returncode == 0
    assert {accession for patient, accession, _ in present(tmp_path) if patient == "P1"} == {
        "S1",
        "S2",
    }


def test_who_decided_is_stored_and_logged_without_names(labflag, send, tmp_path):
    (hold,) = send(OLD, WRONG)
    assert re.fullmatch(r"C[0-9a-f]{8}", hold)
    labflag("release", hold, "--version", 1, "--by", "Dr. Test", "-o", "out")
    log = (tmp_path / "out/audit.log").read_text()
    assert "decided-release" in log
    assert not any(word in log for word in ("Aster", "1980", "Dr. Test"))
    assert labflag("audit", "verify", "-o", "out").returncode == 0
