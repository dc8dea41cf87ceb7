"""A saved layout reads its file as it was read without."""

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.ingest.file import read_results
from pipeline.ingest.layout.write_layout import write_layout
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge, load_layout

ROOT = Path(__file__).parents[2]
KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
SAMPLES = sorted(path for path in (ROOT / "sample_data").glob("[01]*"))

CASES = {
    "flags.csv": "PID,Sex,Age (years),Hb (g/dL),Hb flag,MCV,Flag,Frobnitz,Glucose (mg/dL)\n1,F,44,11.2,L,104,H,x,90\n",
    "unit_columns.csv": "PID,Sex,Age,Hb,Hb Unit,Neutrophils (%)\n1,F,44y,11.2,g/dL,55\n",
    "dates.csv": "PID,DOB (mm/dd/yyyy),Collected,Hb (g/dL)\n1,05/04/1980,13/02/2026,11.2\n",
    "ambiguous.csv": "PID,DOB,Collected,Hb (g/dL)\n1,05/04/1980,13/02/2026,11.2\n",
    "both_unclear.csv": "PID,DOB,Collected,Hb (g/dL)\n1,05/04/1980,03/02/2026,11.2\n",
    "names.csv": "Patient ID;Nachname;Name;Hb (g/dl)\n1;Aster;Sample;11,2\n",
    "long.csv": 'PID,Test,Result,Units,"Reference Range","Odd ""header"" \\"\n1,Hb,11.2,g/dL,12-16,\n',
    "date_time.csv": "PID,Collection date,Collection time,Hb (g/dL)\n1,2026-03-01,08:30,11.2\n",
    "close_name.csv": "PID,Sex,Sample ID,Hb (g/dL),Hemoglobbin (g/dL)\n1,F,S1,11.2,11.2\n",
}  # fmt: skip


def read(path, layout=None):
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), layout, today=TODAY)


def save(path, folder):
    layout = folder / "my-lab.toml"
    layout.write_text(write_layout(read(path), layout.name), encoding="utf-8")
    return load_layout(layout)


def same(path, layout):
    plain, by_layout = read(path), read(path, layout)
    assert by_layout.read == plain.read > 0
    for name in ("results", "held"):
        one, other = getattr(plain, name), getattr(by_layout, name)
        assert one.astype("str").to_dict("list") == other.astype("str").to_dict("list")
    assert list(plain.ignored) == list(by_layout.ignored)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_read_the_same(path, tmp_path):
    same(path, save(path, tmp_path))


@pytest.mark.parametrize("name", CASES)
def test_odd_headers_are_read_the_same(name, tmp_path):
    path = tmp_path / name
    path.write_text(CASES[name], encoding="utf-8")
    same(path, save(path, tmp_path))


def test_what_was_recognized_can_be_edited(tmp_path):
    path = tmp_path / "march.csv"
    path.write_text(
        "PID;Geschlecht;Geburtsdatum;Abnahme;Hb (g/dl);Wardd;Plateletts\n"
        "1;w;13/02/1980;31/03/2026;11,2;x;\n",
        encoding="cp1252",
    )
    text = write_layout(read(path), "my-lab.toml")
    for line in (
        '"PID" = "patient_id"',
        'date_order = "day-first"',
        'decimal = ","',
        'header = "Hb (g/dl)"',
        'analyte = "hemoglobin"',
        'unit = "g/dl"',
    ):
        assert line in text.splitlines(), line
    assert '# "Wardd" = ""   # not known' in text
    layout = save(path, tmp_path)
    assert layout.id == "my-lab"
    edited = tmp_path / "edited.toml"
    edited.write_text(
        text.replace('"PID" = "patient_id"', '"PID" = "patient_id"\n"Wardd" = "comment"'),
        encoding="utf-8",
    )
    assert list(read(path, load_layout(edited)).results["comment"]) == ["x"]


def test_a_saved_layout_settles_what_the_next_file_leaves_open(tmp_path):
    path = tmp_path / "march.csv"
    path.write_text("PID,Sample date,Hb (g/dL)\n1,13/02/2026,11.2\n", encoding="utf-8")
    layout = save(path, tmp_path)
    path.write_text("PID,Sample date,Hb (g/dL)\n1,03/02/2026,11.2\n", encoding="utf-8")
    assert list(read(path).held["code"]) == ["date-ambiguous"]
    assert str(read(path, layout).results["collected_at"][0]) == "2026-02-03 00:00:00"


def test_a_file_that_was_not_recognized_has_no_layout(tmp_path):
    path = tmp_path / "march.csv"
    path.write_text("one,two\n1,2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="not recognized"):
        write_layout(read(path), "my-lab.toml")
