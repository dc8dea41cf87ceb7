"""A new language costs its words: what a site adds is read by the program as a whole."""

import csv

WORDS = """
[[words]]
language = "fi"
month-1 = ["tammikuuta"]
less-than-number = ["alle"]
not-measured = ["ei tehty"]

[[words]]
language = "sv"
status-final = ["slutgiltig"]
status-preliminary = ["preliminär"]

[[words]]
language = "cs"
sex-female = ["žena"]
sex-male = ["muž"]

[[words]]
language = "ru"
month-1 = ["января"]
"""
ROWS = (
    "P1,,žena,1980-01-01,A1,5. tammikuuta 2026,Platelets,alle 20,10*9/L,slutgiltig",
    "P2,,muž,1980-01-01,A2,6. tammikuuta 2026,Platelets,90,10*9/L,slutgiltig",
    "P3,,žena,1980-01-01,A3,7 января 2026,Platelets,ei tehty,10*9/L,slutgiltig",
    "P4,,žena,1980-01-01,A4,8 января 2026,Platelets,250,10*9/L,preliminär",
)


def codes(folder):
    with (folder / "issues.csv").open(encoding="utf-8-sig", newline="") as table:
        return sorted(row["code"] for row in csv.DictReader(table) if row["severity"] == "error")


def test_words_of_a_site_are_read(labflag, export, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    (site / "words.toml").write_text(WORDS, encoding="utf-8")
    source = export(*ROWS)
    assert labflag("run", source, "-o", "plain").returncode == 1
    assert {"sex-unreadable", "date-unreadable"} <= set(codes(tmp_path / "plain"))
    read = labflag("run", source, "-o", "out", "--knowledge", site, "--all-outcomes")
    assert read.returncode == 1, read.stderr
    assert codes(tmp_path / "out") == ["not-measured"]
    with (tmp_path / "out/findings.csv").open(encoding="utf-8-sig", newline="") as table:
        found = {
            row["patient_id"]: row
            for row in csv.DictReader(table)
            if row["rule"] == "low-platelets" and row["outcome"] == "present"
        }
    assert set(found) == {"P1", "P2"}
    assert found["P1"]["collected_at"].startswith("2026-01-05")
