"""Columns that no header names: what their whole cells say is read, or holds what it belongs to."""

from datetime import date

import openpyxl
import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.layout.write_layout import write_layout
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge, load_layout

KNOWLEDGE = load_knowledge()


def read(tmp_path, header, rows, layout=None, kind=".csv"):
    """Read one result of each row: its cell stands in the column `header`."""
    lines = [["patient_id", "sample_id", "analyte", "value", "unit", header]]
    lines += [[f"P{at}", f"S{at}", "PLT", "90", "10*9/L", cell] for at, cell in enumerate(rows)]
    path = tmp_path / f"march{kind}"
    if kind == ".csv":
        path.write_text("".join(";".join(line) + "\n" for line in lines), encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append([cell or None for cell in line])
        book.save(path)
    if layout is not None:
        own = tmp_path / "own.toml"
        own.write_text(layout, encoding="utf-8")
        layout = load_layout(own)
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), layout, date(2026, 11, 1))


def outcome(file):
    """Say what became of each result: used, ignored, its status, or why it is held."""
    said = {row.result_id: row.status for row in file.results.itertuples()}
    said |= {row.result_id: row.code for row in file.held.itertuples()}
    said |= dict.fromkeys(file.ignored, "ignored")
    return " ".join(said[at].replace("final", "used") for at in sorted(said))


FLUIDS = {
    "Cerebrospinal Fluid (CSF)": "ignored",
    "Pleural": "ignored",
    "Joint Fluid": "ignored",
    "Other Body Fluid": "ignored",
    "Fluid, peritoneal": "ignored",
    "Knee aspirate": "ignored",
    "Urine - random": "ignored",
    "Gelenkpunktat": "ignored",
    "liquide d'ascite": "ignored",
    "líquido sinovial": "ignored",
    "Whole blood (EDTA)": "used",
    "Blut": "used",
    "sang veineux": "used",
    "Sangre capilar": "used",
    "": "used",
    "moon dust": "material-unclear",
    "blood or urine": "material-unclear",
}


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
@pytest.mark.parametrize("header", ["Fluid", "Art der Probe", "Type de liquide", "Fluido"])
def test_words_of_materials_under_their_headers(tmp_path, header, kind):
    file = read(tmp_path, header, list(FLUIDS), kind=kind)
    assert outcome(file) == " ".join(FLUIDS.values())


@pytest.mark.parametrize(
    ("header", "read_as"),
    [("Source", "ignored"), ("Specimen", "ignored"), ("Probe", "ignored"), ("Muestra", "ignored"),
     ("Échantillon", "ignored"), ("zz", "column-of-materials"), ("col7", "column-of-materials")],
)  # fmt: skip
def test_a_column_of_materials_counts_under_any_header(tmp_path, header, read_as):
    file = read(tmp_path, header, ["Blood", "Ascites", "Serum", "", "CSF"])
    assert outcome(file) == f"used {read_as} used used {read_as}"


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Specimen", ["A17", "A18", "A19"]),
        ("Source", ["Ward 3", "Clinic", "Ward 5"]),
        ("zz", ["Blood", "Serum", "EDTA"]),
        ("Priority", ["Standard", "Standard", "Standard"]),
        ("Arm", ["Control", "Control", "Control"]),
        ("Grade", ["A", "C", "D"]),
        ("Clinic", ["F", "P", "X"]),
        ("First name", ["Rose", "Victor", "Ida"]),
        ("Note 2", ["no clots were seen in this tube today", "urine was sent later", "ok"]),
    ],
)
def test_words_that_mean_something_else_hold_nothing(tmp_path, header, cells):
    assert outcome(read(tmp_path, header, cells)) == "used used used"


@pytest.mark.parametrize(
    ("cell", "code"),
    [("Canine", "column-of-materials"), ("Quality control", "column-of-materials"),
     ("Calibrator", "column-of-materials")],
)  # fmt: skip
def test_animals_and_controls_are_no_patients_under_any_header(tmp_path, cell, code):
    assert outcome(read(tmp_path, "zz", ["human", cell])) == f"used {code}"


@pytest.mark.parametrize("header", ["Validation", "Freigabestatus", "État", "Situación"])
def test_a_status_under_a_header_that_may_mean_it(tmp_path, header):
    file = read(tmp_path, header, ["final", "preliminary", "cancelled", "corrected", ""])
    assert outcome(file) == "used preliminary cancelled corrected used"


@pytest.mark.parametrize(
    "cell", ["preliminary", "cancelled", "corrected", "vorläufig", "storniert"]
)
def test_a_status_under_another_header_holds_its_row(tmp_path, cell):
    file = read(tmp_path, "zz", ["final", cell, ""])
    assert outcome(file) == "used column-of-statuses used"
    (issue,) = file.issues[file.issues["code"].eq("column-of-statuses")].itertuples()
    assert issue.column == "zz"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("PLT clumps", "platelet-clumps"),
        ("hemolyzed", "hemolyzed"),
        ("Probe hämolytisch", "hemolyzed"),
        ("lipémique", "lipemic"),
    ],
)
def test_a_warning_as_a_whole_cell_is_a_remark(tmp_path, cell, code):
    file = read(tmp_path, "zz", ["OK", cell, ""])
    rows = file.observations
    # Nobody looked at a film: what says nothing of one must not stand for its report.
    assert [(row.accession, row.code) for row in rows.itertuples()] == [("S1", code)]


def test_marks_that_belong_to_no_result_hold_their_row(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("patient_id,zz,sample_id,PLT (10*9/L)\nP1,*,S1,90\nP2,,S2,90\n", "utf-8")
    file = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
    assert outcome(file) == "column-of-warnings used"


@pytest.mark.parametrize(
    ("cells", "field", "said"),
    [
        (["Blood", "Ascites"], "", "used used"),
        (["Blood", "Ascites"], "material", "used ignored"),
        (["final", "cancelled"], "", "used used"),
        (["final", "cancelled"], "status", "used cancelled"),
        (["OK", "rejected"], "", "used used"),
    ],
)
def test_a_layout_says_what_a_column_is(tmp_path, cells, field, said):
    layout = f'title = "own"\nrequires = ["patient_id", "zz"]\n[columns]\n"zz" = "{field}"\n'
    assert outcome(read(tmp_path, "zz", cells, layout)) == said


def test_what_a_layout_sorts_rows_by_is_settled(tmp_path):
    layout = 'title = "own"\nrequires = ["patient_id"]\n[not_results]\nzz = ["Ascites"]\n'
    assert outcome(read(tmp_path, "zz", ["Blood", "Ascites", "CSF"], layout)) == "used ignored used"


def test_in_a_wide_table_the_whole_row_is_concerned(tmp_path):
    path = tmp_path / "wide.csv"
    rows = "P1,S1,5,90,Ascites\nP2,S2,6,100,Blood\n"
    path.write_text(f"patient_id,sample_id,WBC (10*9/L),PLT (10*9/L),zz\n{rows}", "utf-8")
    file = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
    assert outcome(file) == "column-of-materials column-of-materials used used"


def test_two_columns_of_materials_are_read_together(tmp_path):
    path = tmp_path / "two.csv"
    rows = "P1,S1,WBC,5,10*9/L,EDTA,Ascites\nP2,S2,WBC,5,10*9/L,EDTA,Blood\n"
    header = "patient_id,sample_id,analyte,value,unit,Specimen type,Fluid"
    path.write_text(f"{header}\n{rows}", "utf-8")
    file = read_results(path, path.name, KNOWLEDGE, SiteConventions(), None, date(2026, 11, 1))
    assert outcome(file) == "ignored used"


def test_a_saved_layout_names_the_columns_and_their_fields(tmp_path):
    saved = write_layout(read(tmp_path, "Fluid", ["Blood", "Ascites"]), "own.toml")
    assert '"Fluid" = "material"' in saved
    assert "material, record" in " ".join(saved.replace("#", "").split())
    saved = write_layout(read(tmp_path, "zz", ["Blood", "Ascites"]), "own.toml")
    assert '# "zz" = ""   # holds materials: say what it is' in saved


@pytest.mark.parametrize("header", ["Comment", "Type"])
def test_a_sign_in_a_column_of_another_kind_joins_the_number(tmp_path, header):
    file = read(tmp_path, header, ["<", ""])
    assert file.results["comparator"].tolist() == ["<", ""]
