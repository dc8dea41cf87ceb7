"""Where the header of a table stands, what its columns are, and how it becomes Export."""

from pathlib import Path

import pytest

from pipeline.ingest.layout.headers import index_headers
from pipeline.ingest.layout.plan import identify_layout
from pipeline.ingest.layout.sections import sort_lines
from pipeline.ingest.long_format import make_long_table
from pipeline.ingest.text_tables import SourceFile, TextTable, UnreadableFile
from pipeline.knowledge.export_terms import Layout, LayoutColumn
from pipeline.knowledge.load import load_knowledge
from schemas import Export
from schemas.vocabulary import Sex

KNOWLEDGE = load_knowledge()
INDEX = index_headers(KNOWLEDGE)
FILE = SourceFile(name="march.csv", path=Path("march.csv"), sha256="0123456789abcdef", size=1)


def table_of(text, bad_cells=None, bad_rows=None):
    """Lines with cells between bars; line numbers count from 1."""
    rows = [line.strip().split("|") for line in text.strip("\n").splitlines()]
    return TextTable(
        sheet="",
        rows=list(enumerate(rows, 1)),
        bad_cells=bad_cells or {},
        bad_rows=bad_rows or {},
    )


def identify(text, layouts=(), forced=None):
    return identify_layout(table_of(text), INDEX, layouts, forced)


def melt(text, layouts=(), forced=None, delimiter="|", bad_cells=None, bad_rows=None):
    table = table_of(text, bad_cells, bad_rows)
    plan = identify_layout(table, INDEX, layouts, forced)
    return make_long_table(
        table, plan, sort_lines(table, plan, INDEX, delimiter=delimiter), FILE, 0
    )


def results_of(long_table):
    """Show row, patient, analyte, value, unit of each result."""
    columns = ["source_row", "patient_id", "analyte", "value", "unit"]
    return [" ".join(map(str, row)) for row in long_table.export[columns].to_numpy()]


def codes_of(long_table):
    return dict(zip(long_table.issues["row"], long_table.issues["code"], strict=True))


@pytest.mark.parametrize(
    ("header", "shape", "fields", "results"),
    [
        ("patient_id|analyte|value|unit", "long", "analyte patient_id unit value", ""),
        ("MRN *|LOINC:|Result|UNITS", "long", "loinc patient_id unit value", ""),
        ("Patientennummer|Analyt|Ergebnis", "long", "analyte patient_id value", ""),
        ("Patient ID|Hemoglobin (g/dL)|MCV", "wide", "patient_id", "hemoglobin mcv"),
        ("Patient ID|HGB g/dl|WBC [10^3/uL]", "wide", "patient_id", "hemoglobin white-cells"),
        ("Patient-ID|HGB(g/L)|Sequence No.|PLT", "wide", "patient_id", "hemoglobin platelets"),
        ("PID|Sex|DOB (dd/mm/yyyy)|Hb (g/l)", "wide", "birth_date patient_id sex", "hemoglobin"),
        ("PID|Age (years)|Hb (g/l)|Ward", "wide", "age patient_id", "hemoglobin"),
        ("PID|Glucose (mg/dL)|MPV", "wide", "patient_id", "? ?"),
        ("PID|Hemoglobbin|MCV", "wide", "patient_id", "? mcv"),
        ("PID|Comment|Comments|Hb (g/l)", "wide", "comment patient_id", "hemoglobin"),
    ],
)
def test_plain_headers(header, shape, fields, results):
    plan = identify(f"{header}\n")
    assert plan.shape == shape
    assert " ".join(sorted(plan.fields)) == fields
    assert " ".join(each.meaning.analyte or "?" for each in plan.results) == results


# What a header says beyond its name.
@pytest.mark.parametrize(
    ("header", "kind", "what"),
    [
        ("Patient ID (MRN)", "field", "patient_id"),
        ("Patient ID (ward)", "unused", ""),
        ("Age (months)", "field", "age months"),
        ("Age (Jahre)", "field", "age years"),
        ("Age [d]", "field", "age days"),
        ("DOB (dd/mm/yyyy)", "field", "birth_date day-first"),
        ("Geburtsdatum (TT.MM.JJJJ)", "field", "birth_date day-first"),
        ("DOB [MM/DD/YYYY]", "field", "birth_date month-first"),
        ("Collected (mm/dd/yyyy hh:mm)", "field", "collected_at month-first"),
        ("DOB (YYYY-MM-DD)", "field", "birth_date"),
        ("WBC flag", "flag", "WBC"),
        ("Flag HGB", "flag", "HGB"),
        ("HGB_flag", "flag", "HGB"),
        ("Flag", "field", "flag"),
        ("HGB units", "unit", "HGB"),
        ("Neutrophils", "analyte", "unit-missing"),
        ("Hemoglobbin (g/dL)", "analyte", "analyte-unclear"),
        ("Hemoglobbin g/dL", "analyte", "analyte-unclear"),
        ("Glucose [mmol/l]", "foreign", ""),
        ("Glucose mmol/l", "foreign", ""),
        ("MPV", "foreign", ""),
        ("Doctor", "unused", ""),
        ("  ", "unused", ""),
    ],
)
def test_meaning_of_a_header(header, kind, what):
    found = INDEX.meaning_of(header)
    said = (found.field, found.date_order, found.age_unit, found.code)
    assert found.kind == kind
    name = found.name if kind in ("flag", "unit") else ""
    assert " ".join(filter(None, (*said, name))) == what


@pytest.mark.parametrize(
    ("text", "code", "detail"),
    [
        ("Ward|Doctor\n1|2", "no-layout", "nothing in the first rows"),
        ("Pateint Identifier|Doctor\n1|2", "no-layout", "column 1 is like 'Patient identifier'"),
        ("Meier, Anna|1970-01-01\nRoe, Jane|1980-01-01", "no-layout", "nothing"),
        ("PID|Ward\n1|2", "no-layout", "no column of an analyte"),
        ("Hemoglobin (g/dL)|MCV\n11|90", "patient-column-missing", ""),
        ("PID|Test|Unit\n1|Hb|g/l", "missing-column", "result"),
        ("PID|Result|Unit\n1|12|g/l", "missing-column", "analyte"),
        ("PID|Test|Result|Hb (g/l)\n1|Hb|12|12", "layout-ambiguous", "long and of a wide"),
        ("PID|MRN|Hb (g/l)\n1|2|12", "duplicate-column", "'PID' and 'MRN'"),
        ("PID|HGB (g/dL)|Hemoglobin (g/L)\n1|11|110", "duplicate-column", "'HGB (g/dL)'"),
        ("PID|HGB (g/dL)|Hb (g/L)\n1|11|11", "duplicate-column", "'HGB (g/dL)'"),
    ],
)
def test_refused_headers(text, code, detail):
    with pytest.raises(UnreadableFile) as refused:
        identify(text)
    assert refused.value.code == code
    assert detail in refused.value.detail


@pytest.mark.parametrize(
    "text",
    [
        "PID|MRN|Hb (g/l)\n1|1|12\n2|2|13",
        "PID|MRN|Hb (g/l)\n1||12\n2||13",
        "PID|MRN|Hb (g/l)\n|1|12\n|2|13",
        "PID|Hb (g/l)|HGB (g/l)\n1|12|12\n2|13|13",
        "PID|Hb (g/l)|HGB (g/dl)\n1|12|\n2|13|",
    ],
)
def test_columns_that_never_disagree_are_one(text):
    assert [row.split()[1] for row in results_of(melt(text))] == ["1", "2"]


def test_no_patient_gets_into_a_message_of_a_file_without_header():
    with pytest.raises(UnreadableFile) as refused:
        identify("4711|Hemoglobine, Anna|f\n4712|Roe, Jane|f")
    assert "Anna" not in refused.value.detail


def test_header_after_a_preamble_is_the_first_complete_one():
    plan = identify(
        """
        Laboratory of Nowhere
        Report for: March|2024
        |
        PID|Hb (g/l)
        1|120
        PID|Hb (g/l)|MCV|PLT
        """
    )
    assert (plan.header_row, plan.shape) == (4, "wide")


def test_header_stands_within_twenty_rows():
    before = "\n".join(["text"] * 19)
    assert identify(f"{before}\nPID|Hb (g/l)\n1|120").header_row == 20
    with pytest.raises(UnreadableFile):
        identify(f"{before}\ntext\nPID|Hb (g/l)\n1|120")


COUNTER = Layout(
    id="counter",
    title="A counter",
    requires=("Code", "H"),
    columns={"Code": "patient_id", "Sx": "sex", "Kind": ""},
    analytes=(
        LayoutColumn(header="H", analyte="hemoglobin", unit="g/dL"),
        LayoutColumn(header="V (fl)", analyte="mcv"),
    ),
    sex={"1": Sex.MALE, "2": Sex.FEMALE},
    not_results={"Kind": ("Blank", "QC")},
)
OTHER = Layout(id="other", title="Another", requires=("Code",), columns={"Code": "sample_id"})
ROWS = Layout(id="rows", title="Rows", requires=("Hb (g/l)",), row_is_patient=True)


def test_layout_is_recognized_by_the_headers_it_requires():
    plan = identify("x\nCode|H|V (fl)|PLT (G/l)|Sx|Hb (g/l)\n7|11|90|200|2|110", [COUNTER])
    assert (plan.layout, plan.header_row) == (COUNTER, 2)
    assert [(each.header, each.meaning.unit) for each in plan.results] == [
        ("H", "g/dL"),
        ("V (fl)", "fl"),
        ("PLT (G/l)", "G/l"),
    ]


def test_a_header_of_the_layout_that_is_not_there_leaves_the_plain_one_to_be_read():
    plan = identify("Code|H|MCV\n7|11|90", [COUNTER])
    assert [(each.header, each.meaning.analyte) for each in plan.results] == [
        ("H", "hemoglobin"),
        ("MCV", "mcv"),
    ]


def test_two_layouts_that_fit_are_refused():
    with pytest.raises(UnreadableFile, match="counter, other"):
        identify("Code|H\n1|11", [COUNTER, OTHER])
    assert identify("Code|H\n1|11", [COUNTER, OTHER], forced=COUNTER).layout is COUNTER


def test_forced_layout_must_fit():
    with pytest.raises(UnreadableFile, match="'counter' needs the headers Code, H"):
        identify("PID|Hb (g/l)\n1|120", [], forced=COUNTER)


def test_a_layout_that_names_no_header_finds_the_row_that_is_most_like_one():
    bare = Layout(id="bare", title="Bare", requires=(), row_is_patient=True)
    plan = identify("Ward 7\nSample ID|HGB (g/dL)|x\nS1|11|y", forced=bare)
    assert (plan.header_row, plan.layout, [each.header for each in plan.results]) == (2, bare, ["HGB (g/dL)"])  # fmt: skip
    # It does not say what the export is, as one that names headers does.
    with pytest.raises(UnreadableFile, match="unit-column-unnamed"):
        identify("Sample ID|HGB||MCV\nS1|11|g/dl|45", forced=bare)
    with pytest.raises(UnreadableFile, match="no-layout"):
        identify("Ward|Doctor\n1|2", forced=bare)


def test_blanks_and_controls_are_no_results():
    long_table = melt(
        "Code|H|V (fl)|Kind\n1|11|90|Human\n2|0.1||blank\n3|14|88|QC\n4|12|91|", [COUNTER]
    )
    assert results_of(long_table) == [
        "2 1 hemoglobin 11 g/dL",
        "2 1 mcv 90 fl",
        "5 4 hemoglobin 12 g/dL",
        "5 4 mcv 91 fl",
    ]
    assert (len(long_table.not_results), long_table.count) == (3, 7)


def test_rows_that_are_patients_of_their_own():
    long_table = melt("PID|Hb (g/l)\n|120\nA|130\n|140", forced=ROWS)
    assert list(long_table.export["patient_id"]) == [
        "march-01234567-row-2",
        "A",
        "march-01234567-row-4",
    ]
    assert list(melt("Hb (g/l)\n120", forced=ROWS).export["patient_id"]) == ["march-01234567-row-2"]


def test_wide_table_melts_row_by_row():
    long_table = melt("PID|Name|Hb (g/l)|MPV|MCV\n1| Doe |120||90\n2|Roe||9|\n3|Poe|<0| |x")
    assert results_of(long_table) == [
        "2 1 Hb 120 g/l",
        "2 1 MCV 90 ",
        "3 2 MPV 9 ",
        "4 3 Hb <0 g/l",
        "4 3 MCV x ",
    ]
    export = long_table.export
    assert list(export["patient_name"]) == ["Doe", "Doe", "Roe", "Poe", "Poe"]
    assert list(export["source_column"]) == ["Hb (g/l)", "MCV", "MPV", "Hb (g/l)", "MCV"]
    assert list(export["result_id"]) == [0, 1, 2, 3, 4]
    assert Export.validate(export) is not None


def test_long_table_keeps_every_row():
    long_table = melt(
        "PID|Test|Result|Unit|Ref|H/L\n1|Hb|120|g/l|130-170|L\n2|MCV||fl|>80|\n3|||||"
    )
    assert results_of(long_table) == ["2 1 Hb 120 g/l", "3 2 MCV  fl", "4 3   "]
    assert list(long_table.export["reference_low"]) == ["130", "80", ""]
    assert list(long_table.export["reference_high"]) == ["170", "", ""]
    assert list(long_table.export["source_column"]) == ["Result"] * 3


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [
        ("4.0-10.0", "4.0", "10.0"),
        ("4,0 – 10,0", "4,0", "10,0"),
        ("[4 to 10]", "4", "10"),
        ("< 5", "", "5"),
        ("≥60", "60", ""),
        ("up to 35", "", "35"),
        ("negative", "negative", ""),
        ("4-10 / 5-11", "4-10 / 5-11", ""),
        ("", "", ""),
    ],
)
def test_interval_in_one_cell(cell, low, high):
    export = melt(f"PID|Test|Result|Reference range\n1|Hb|120|{cell}").export
    assert (export["reference_low"][0], export["reference_high"][0]) == (low, high)


def test_flags_and_units_beside_single_analytes():
    long_table = melt(
        "PID|WBC (G/l)|WBC flag|HGB|HGB unit|MCV/M|MCV|PLT|PLT unit|HCT (%)|\n"
        "1|3.1|L|11|g/dl|*|90|200|G/l|33|\n"
    )
    rows = long_table.export[["analyte", "value", "unit", "flag"]].to_numpy().tolist()
    assert rows == [
        ["WBC", "3.1", "G/l", "L"],
        ["HGB", "11", "g/dl", ""],
        ["MCV", "90", "", "*"],
        ["PLT", "200", "G/l", ""],
        ["HCT", "33", "%", ""],
    ]


def test_interval_beside_a_single_analyte():
    long_table = melt("PID|HGB (g/dl)|Ref range\n1|11|12-16\n2|12|#N/A\n", bad_cells={(3, 2): "x"})
    assert list(long_table.export["reference_low"]) == ["12", "#N/A"]
    assert list(long_table.export["reference_high"]) == ["16", ""]
    assert codes_of(long_table) == {3: "reference-unreadable"}


def test_repeated_flag_and_unit_columns_belong_to_the_analyte_on_their_left():
    long_table = melt("PID|WBC|Unit|Flag|HGB|Unit|Flag|Comment\n1|3.1|G/l|L|11|g/dl||x\n")
    rows = long_table.export[["analyte", "unit", "flag", "comment"]].to_numpy().tolist()
    assert rows == [["WBC", "G/l", "L", "x"], ["HGB", "g/dl", "", "x"]]


def test_one_unit_column_for_several_analytes_belongs_to_none():
    long_table = melt("PID|WBC|HGB|Unit\n1|3.1|11|g/dl\n")
    assert list(long_table.export["unit"]) == ["", ""]


def test_header_and_unit_column_that_contradict_each_other():
    long_table = melt("PID|HGB (g/dl)|HGB unit|MCV\n1|11|g/dL|90\n2|110|g/L|91\n3|12||92\n")
    assert codes_of(long_table) == {3: "unit-contradiction"}
    assert list(long_table.issues["result_id"]) == [2]


def test_date_and_time_in_two_columns():
    long_table = melt("PID|Collection date|Collection time|Hb (g/l)\n1|2024-03-04|10:30|120\n")
    assert list(long_table.export["collected_at"]) == ["2024-03-04 10:30"]
    with pytest.raises(UnreadableFile):
        identify("PID|Collection date|Drawn|Hb (g/l)\n1|2024-03-04|2024-03-05|120\n")


# Rows that are not as long as the header may have slipped.
@pytest.mark.parametrize(
    ("text", "read", "bad", "left_out"),
    [
        ("PID|Hb (g/l)|MCV\n1|120|90\n2|120\n3|1|2|3\n4|120|90", [2, 5], [3, 4], []),
        ("PID|Hb (g/l)|MCV\n1|120|90|\n2|120|90|", [2, 3], [], []),
        ("PID|Hb (g/l)|MCV\n1|120|90|\n2|120|90", [3], [2], []),
        ("PID|Hb (g/l)|MCV\n1|120|90|x\n2|120|90|", [], [2, 3], []),
        ("PID|Hb (g/l)|MCV|\n1|120|90\n2|120|90|", [2, 3], [], []),
        ("PID|Hb (g/l)|MCV\n1|120|90\n\n|  |\n2|120|90", [2, 5], [], []),
        ("PID|Hb (g/l)|MCV\n1|120|90\nPID|Hb (g/l)|MCV\n2|120|90", [2, 4], [], [3]),
        ("PID|Hb (g/l)|MCV\n1|120|90\nPID|MCV|Hb (g/l)\n2|90|120", [2], [3, 4], []),
        ("PID|Hb (g/l)|MCV\n1|120|90\n*** end ***", [2], [], [3]),
        ("PID|Hb (g/l)|MCV\n1|120|90\nTotal: 12\nPrinted 3 May", [2], [], [3, 4]),
        ("PID|Hb (g/l)|MCV\n1|120|90\nEnde der Liste||", [2], [], [3]),
        ("PID|Hb (g/l)|MCV\n1|120|90\nMean|118|91", [2], [], [3]),
        ("PID|Hb (g/l)|MCV\n1|120|90\nP0012", [2], [3], []),
        ("PID|Hb (g/l)|MCV\n1|120|90\nEnderle|120|90", [2, 3], [], []),
    ],
)
def test_lines_below_the_header(text, read, bad, left_out):
    table = table_of(text)
    plan = identify_layout(table, INDEX, ())
    lines = sort_lines(table, plan, INDEX, delimiter="|")
    assert (lines.rows, sorted(lines.bad_rows), lines.left_out) == (read, bad, left_out)


def test_bad_rows_are_held_results_of_nobody():
    long_table = melt("PID|Hb (g/l)\n1|120\n2|1|3\n", bad_rows={1: "row-quotes", 4: "row-quotes"})
    assert codes_of(long_table) == {3: "row-shape", 4: "row-quotes"}
    assert long_table.count == 3
    assert "patient_id" not in long_table.unsplit


def test_a_bad_row_is_not_read_even_if_its_cells_are_there():
    long_table = melt("PID|Hb (g/l)\n1|120\n2|130\n", bad_rows={3: "row-quotes"})
    assert results_of(long_table) == ["2 1 Hb 120 g/l"]
    assert (codes_of(long_table), long_table.count) == ({3: "row-quotes"}, 2)


def test_missing_cells_of_a_workbook_are_empty_cells():
    long_table = melt("PID|Hb (g/l)|MCV|PLT\n1|120\n2|120|90|200|note", delimiter="")
    assert results_of(long_table) == [
        "2 1 Hb 120 g/l",
        "3 2 Hb 120 g/l",
        "3 2 MCV 90 ",
        "3 2 PLT 200 ",
    ]
    assert codes_of(long_table) == {}


# A cell that cannot be trusted: which results it holds, and what is left of its text.
@pytest.mark.parametrize(
    ("column", "code", "held", "what", "left"),
    [
        (0, "cell-format", {0: "cell-format", 1: "cell-format"}, "patient_id", ["", ""]),
        (1, "cell-boolean", {}, "patient_name", ["", ""]),
        (2, "cell-error", {0: "cell-error"}, "value", ["120", "90"]),
        (3, "cell-error", {1: "cell-error"}, "value", ["120", "90"]),
        (4, "cell-error", {1: "cell-error"}, "flag", ["", "L"]),
        (5, "cell-error", {}, "comment", ["", ""]),
        (6, "cell-error", {}, "value", ["120", "90"]),
    ],
)
def test_bad_cells(column, code, held, what, left):
    long_table = melt(
        "PID|Name|Hb (g/l)|MCV|MCV flag|Comment|Ward\n7|TRUE|120|90|L|c|#N/A\n",
        bad_cells={(2, column): code},
    )
    issues = dict(zip(long_table.issues["result_id"], long_table.issues["code"], strict=True))
    assert issues == held
    assert list(long_table.export[what]) == left


def test_an_empty_result_cell_that_is_bad_is_a_result():
    long_table = melt("PID|Hb (g/l)|MCV\n7||90\n", bad_cells={(2, 1): "cell-formula"})
    assert results_of(long_table) == ["2 7 Hb  g/l", "2 7 MCV 90 "]
    assert list(long_table.issues["result_id"]) == [0]


def test_ids_are_trimmed_and_composed_and_otherwise_exact():
    long_table = melt("PID|Sample ID|Hb (g/l)\n\u00a00012 |Mu\u0308 |120\n")
    assert list(long_table.export["patient_id"]) == ["0012"]
    assert list(long_table.export["sample_id"]) == ["M\u00fc"]
