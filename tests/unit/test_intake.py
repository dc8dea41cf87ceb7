"""A file becomes accepted, held and ignored results, and nothing gets lost on the way."""

import gc
from dataclasses import replace
from datetime import date

import openpyxl
import pandas as pd
import pytest

from pipeline.ingest.accounting import hold, validate_results
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.issues import find_bad_cells, set_aside
from pipeline.issues.catalogue import CATALOGUE
from pipeline.knowledge.export_terms import Layout
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_conflicts
from schemas import Export, Held, Issues, Results

KNOWLEDGE = load_knowledge()
AMBIGUOUS = "number-ambiguous"
TODAY = date(2026, 11, 1)
LONG = "patient_id,sex,birth_date,sample_id,collected_at,analyte,value,unit\n"


@pytest.fixture
def ingest(tmp_path):
    """Write a text file and read it; check that every result is in one account only."""

    def read(content, name="march.csv", layout=None, knowledge=KNOWLEDGE, **site):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return account(read_results(path, name, knowledge, SiteConventions(**site), layout, TODAY))

    return read


def account(found):
    said = found.observations["result_id"].dropna()
    ids = [*found.results["result_id"], *found.held["result_id"], *found.ignored, *said]
    assert sorted(ids) == list(range(found.read))
    assert set(set_aside(found.issues)) == set(found.held["result_id"])
    Results.validate(found.results)
    Held.validate(found.held)
    Issues.validate(found.issues)
    return found


def values_of(found):
    columns = ["patient_id", "analyte", "value"]
    return [" ".join(map(str, row)) for row in found.results[columns].to_numpy()]


def held_of(found):
    return dict(zip(found.held["source_row"], found.held["code"], strict=True))


def notes_of(found):
    return set(found.issues.loc[found.issues["severity"].eq("note"), "code"])


def test_long_file(ingest):
    found = ingest(
        LONG + "0012,F,1970-01-02,S1,2024-03-04T10:30,Hemoglobin,11.2,g/dL\n"
        "0012,F,1970-01-02,S1,2024-03-04T10:30,MCV,,fL\n"
        "0012,F,1970-01-02,S1,2024-03-04T10:30,Sodium,140,mmol/L\n"
        "0013,F,1970-01-02,S2,2024-03-04,Vitamin B12,<150,pg/mL\n"
    )
    assert values_of(found) == ["0012 hemoglobin 112.0", "0013 vitamin-b12 150.0"]
    assert held_of(found) == {3: "value-missing"}
    assert (list(found.ignored), found.read) == ([2], 4)
    assert notes_of(found) == {"analyte-unknown"}
    (conventions,) = found.table_conventions
    assert (conventions.shape, conventions.delimiter, conventions.decimal) == ("long", ",", ".")
    assert (conventions.encoding, conventions.header_row, conventions.sha8) == (
        "utf-8",
        1,
        found.file.sha256[:8],
    )
    assert conventions.columns["value"] == "value"
    assert found.raw[0].rows[0][0] == 1


def test_wide_file(ingest):
    found = ingest(
        "Laborbericht\r\n"
        "Patientennummer;Geschlecht;Probennummer;Hämoglobin (g/dl);MCV;MPV;Station\r\n"
        "1;w;S1;11,2;104;9,1;A\r\n"
        "2;m;S2;;99;;B\r\n"
        "*** Ende ***\r\n"
    )
    assert values_of(found) == ["1 hemoglobin 112.0", "1 mcv 104.0", "2 mcv 99.0"]
    assert len(found.ignored) == 1
    assert notes_of(found) == {"analyte-unknown", "columns-not-used", "lines-left-out"}
    assert found.table_conventions[0].columns == {
        "Patientennummer": "patient_id",
        "Geschlecht": "sex",
        "Probennummer": "sample_id",
        "Hämoglobin (g/dl)": "hemoglobin [g/dl]",
        "MCV": "mcv",
        "MPV": "not used",
        "Station": "not used",
    }
    said = found.issues.set_index("code")["message"]
    assert said["columns-not-used"].startswith("Station: ")
    assert said["analyte-unknown"].startswith("1 result (MPV): ")
    many = ingest("PID,MCV," + ",".join(f"C{at}" for at in range(15)) + f"\n1,90{',' * 15}\n")
    assert many.issues["message"][0].startswith(
        "C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11 and 3 more: "
    )


# Whole files that cannot be used: one issue of the file, no results.
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file-empty"),
        ("a.csv", LONG.encode(), "file-empty"),
        ("a.doc", b"x", "file-kind"),
        ("a.csv", b"PK\x03\x04", "file-not-what-it-says"),
        ("a.csv", b"a,b\n1,2\n", "no-layout"),
        ("a.csv", b"PID,Test\n1,Hb\n", "missing-column"),
        ("a.csv", b"PID,Hb (g/l)\0\n", "file-encoding"),
        ("a.csv", b'"PID,Hb (g/l)\n1,120\n', "row-quotes"),
        ("a.csv", b"PID,Hb (g/l),MRN\n1,120,2\n", "duplicate-column"),
    ],
)
def test_unusable_files(ingest, name, content, code):
    found = ingest(content, name)
    assert list(found.issues["code"]) == [code]
    assert found.issues["severity"].eq("error").all()
    assert found.read == 0


def test_absent_file_is_an_issue(tmp_path):
    found = account(read_results(tmp_path / "gone.csv", "gone.csv", KNOWLEDGE, SiteConventions()))
    assert list(found.issues["code"]) == ["file-unreadable"]


# One bad row: its code, and the sound row beside it goes on.
@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A,F,1970-01-02,S1,2024-03-04,Hb,11.2", "row-shape"),
        ("A,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL,", "row-shape"),
        ('A,F,1970-01-02,S1,2024-03-04,"Hb"x,11.2,g/dL', "row-quotes"),
        (" ,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-missing"),
        ("1.23E+11,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-damaged"),
        ("4711.0,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-damaged"),
        ("#REF!,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-damaged"),
        ("2024-03-04,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-damaged"),
        ("A\u200b,F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-unsafe"),
        (f"{'A' * 65},F,1970-01-02,S1,2024-03-04,Hb,11.2,g/dL", "patient-id-unsafe"),
        ("A,F,1970-01-02,1.23E+11,2024-03-04,Hb,11.2,g/dL", "specimen-damaged"),
        ("A,F,1970-01-02,S\x071,2024-03-04,Hb,11.2,g/dL", "cell-unprintable"),
        ("A,F,1970-01-02,S1,2024-03-04,Hb,HEMOLYZED,g/dL", "specimen-unreliable"),
        ('A,F,1970-01-02,S1,2024-03-04,Hb,"11,2",g/dL', "number-ambiguous"),
        ("A,F,1970-01-02,S1,05/04/2024,Hb,11.2,g/dL", "date-ambiguous"),
        ("A,F,1970-01-02,S1,2024-03-04,Hb,11.2,", "unit-missing"),
    ],
)
def test_bad_rows_are_held(ingest, row, code):
    found = ingest(f"{LONG}Z,M,1980-01-02,S9,2024-03-04,MCV,90.5,fL\n{row}\n")
    assert values_of(found) == ["Z mcv 90.5"]
    assert held_of(found) == {3: code}
    assert found.issues["message"].str.contains("A").sum() >= 0
    assert "11.2" not in " ".join(found.issues["message"])


def test_a_held_result_shows_its_first_error(ingest):
    found = ingest(LONG + ",Q,1970-13-02,S1,2024-03-04,Hb,high,?\n")
    assert len(found.issues) > 3
    assert held_of(found) == {2: "patient-id-missing"}
    assert not found.issues.duplicated(["result_id", "code"]).any()


@pytest.mark.parametrize("patient_id", ["0012", "12E5", "1E5", "NA1", "A/1", "12-3", "A" * 64])
def test_ids_are_exact_texts(ingest, patient_id):
    found = ingest(f"{LONG}{patient_id},F,1970-01-02,{patient_id},2024-03-04,Hb,11.2,g/dL\n")
    assert list(found.results["patient_id"]) == [patient_id]
    assert list(found.results["accession"]) == [patient_id]


def test_stray_quotation_mark_holds_the_lines_it_may_have_swallowed(ingest):
    found = ingest(
        'PID,Name,Sample ID,Hb (g/l)\n1,"Doe,S1,100\n2,Roe,S2,120\n3,Poe",S3,130\n4,Low,S4,140\n'
    )
    assert values_of(found) == ["4 hemoglobin 140.0"]
    assert held_of(found) == dict.fromkeys([2, 3, 4], "row-quotes")
    assert found.held["patient_id"].eq("").all()


# Decimal commas count in the whole file or not at all.
@pytest.mark.parametrize(
    ("text", "values", "held"),
    [
        ("PID;Hb (g/dl)\n1;11,2\n2;9\n", ["112.0", "90.0"], {}),
        ('PID,Hb (g/dl)\n1,"11,2"\n2,9\n', ["112.0", "90.0"], {}),
        ('PID,Hb (g/dl)\n1,"11,2"\n2,9.5\n', ["95.0"], {2: AMBIGUOUS}),
        ("PID;B12 (pg/ml)\n1;1,060\n2;300\n", ["300.0"], {2: AMBIGUOUS}),
        ("PID;B12 (pg/ml)\n1;1.060\n2;300,5\n", ["300.5"], {2: AMBIGUOUS}),
        ("PID;WBC (G/l)\n1;1.060\n2;3.5\n3;4,5\n", ["3.5"], dict.fromkeys([2, 4], AMBIGUOUS)),
        ("PID;WBC (G/l)\n1;1.060\n2;3.5\n", ["1.06", "3.5"], {}),
    ],
)
def test_decimal_sign_of_a_file(ingest, text, values, held):
    found = ingest(text)
    assert [str(value) for value in found.results["value"]] == values
    assert held_of(found) == held


def test_texts_of_a_workbook_are_read_like_those_of_a_text_file(tmp_path):
    book = openpyxl.Workbook()
    for row in (["PID", "WBC (G/l)"], ["1", "3,5"], ["2", "1.060"], ["3", 4]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    found = account(read_results(tmp_path / "a.xlsx", "a.xlsx", KNOWLEDGE, SiteConventions()))
    assert held_of(found) == {3: AMBIGUOUS}
    assert list(found.results["value"]) == [3.5, 4]


def test_dates_with_dots_are_held_where_one_is_month_first(ingest):
    head = "PID,Drawn,Hb (g/l)\n"
    assert held_of(ingest(head + "1,03.04.2024,120\n2,25.12.2024,120\n")) == {}
    found = ingest(head + "1,03.04.2024,120\n2,12.25.2024,120\n3,2024-04-03,120\n")
    assert held_of(found).keys() == {2, 3}
    assert found.held["code"].isin(["date-ambiguous", "date-unreadable"]).all()


@pytest.mark.parametrize(
    ("column", "rows", "site", "said", "held"),
    [
        ("Drawn", ["25/03/2026", "03/25/2026"], {}, "day first in row 2, month first in row 3", {}),
        (
            "Drawn",
            ["2026-03-02", "03-25-2026", "25-03-2026", "04-05-2026"],
            {},
            "day first in row 4, month first in row 3",
            {5: "date-ambiguous"},
        ),
        (
            "DOB",
            ["03/25/1961", "04/05/1961"],
            {"date_order": "day-first"},
            "day first by the setting or header, month first in row 2",
            {3: "date-ambiguous"},
        ),
        (
            "Drawn (dd/mm/yyyy)",
            ["03/25/2026"],
            {},
            "day first by the setting or header, month first in row 2",
            {},
        ),
    ],
)
def test_dates_in_two_orders_are_noted_with_a_row_of_each(ingest, column, rows, site, said, held):
    lines = "".join(f"{at},{date},120\n" for at, date in enumerate(rows, 1))
    found = ingest(f"PID,{column},Hb (g/l)\n{lines}", **site)
    note = found.issues[found.issues["code"].eq("date-orders-differ")].iloc[0]
    assert note["column"] == column
    assert note["message"].startswith(f"{said}: ")
    assert held_of(found) == held


def test_dates_in_one_order_are_not_noted(ingest):
    found = ingest("PID,Drawn,Hb (g/l)\n1,25/03/2026,120\n2,2026-03-25,120\n3,01/02/2026,120\n")
    assert "date-orders-differ" not in notes_of(found)
    assert held_of(found) == {}


ROWS_ARE_PATIENTS = Layout(id="rows", title="rows", requires=(), row_is_patient=True)


def test_rows_that_repeat_are_counted_where_each_is_a_patient(ingest):
    lines = ["F,50,9.0,105", "F,50,9.1,105", "F,50,9.0,105", " F,50,9.0 ,105"]
    text = "Sex,Age,Hb (g/dL),MCV (fL)\n" + "\n".join(lines)
    found = ingest(text, layout=ROWS_ARE_PATIENTS)
    note = found.issues[found.issues["code"].eq("rows-repeated")].iloc[0]
    assert (note["row"], note["message"][:24]) == (4, "2 rows, the first here: ")
    assert found.results["patient_id"].nunique() == len(lines)


def test_rows_that_differ_are_not_counted_as_repeated(ingest):
    text = "Sex,Age,Hb (g/dL)\nF,50,9.0\nM,50,9.0\n"
    assert "rows-repeated" not in notes_of(ingest(text, layout=ROWS_ARE_PATIENTS))
    same = "PID,Sex,Age,Hb (g/dL)\nP1,F,50,9.0\nP1,F,50,9.0\n"
    assert "rows-repeated" not in notes_of(ingest(same))


@pytest.mark.parametrize(
    ("header", "site", "order"),
    [
        ("Drawn", {}, ""),
        ("Drawn", {"date_order": "month-first"}, "month-first"),
        ("Drawn (dd/mm/yyyy)", {}, "day-first"),
        ("Drawn (dd/mm/yyyy)", {"date_order": "month-first"}, "day-first"),
    ],
)
def test_order_of_dates_that_is_stated(ingest, header, site, order):
    found = ingest(f"PID,{header},Hb (g/l)\n1,03/04/2024,120\n", **site)
    assert found.table_conventions[0].date_order["collected_at"] == order
    assert len(found.held) == (0 if order else 1)


def test_ignored_results_raise_no_errors(ingest):
    found = ingest(LONG + ",Q,1970-13-02,S\x071,2024-03-04,Sodium,high,?\n")
    assert (found.read, len(found.ignored)) == (1, 1)
    assert notes_of(found) == {"analyte-unknown", "no-analyte"}
    assert len(set_aside(found.issues)) == 0


# The first word has no meaning in the site's code page, the second one has another.
@pytest.mark.parametrize("word", ["Müller", "Öl"])
def test_layout_brings_its_own_code_page(ingest, word):
    layout = Layout(
        id="old",
        title="Old",
        requires=("PID", "Zelle"),
        columns={"Zelle": "comment"},
        encoding="cp437",
    )
    content = f"PID,Zelle,Hb (g/l)\n1,{word},120\n"
    forced = ingest(content.encode("cp437"), layout=layout)
    known = replace(KNOWLEDGE, layouts={"old": layout})
    recognized = ingest(content.encode("cp437"), knowledge=known)
    for found in (forced, recognized):
        assert list(found.results["comment"]) == [word]
        assert (found.table_conventions[0].encoding, found.table_conventions[0].layout) == (
            "cp437",
            "old",
        )
    utf8 = ingest(content, knowledge=known)
    assert (list(utf8.results["comment"]), utf8.table_conventions[0].encoding) == ([word], "utf-8")


def test_blanks_are_ignored_and_said(ingest):
    layout = Layout(
        id="counter",
        title="A counter",
        requires=("PID", "Kind"),
        columns={"Kind": ""},
        not_results={"Kind": ("Blank",)},
    )
    found = ingest("PID,Kind,Hb (g/l),MCV\n,Blank,0,\n1,,120,90\n", layout=layout)
    assert (list(found.ignored), len(found.results)) == ([0], 2)
    said = dict(zip(found.issues["code"], found.issues["message"], strict=True))
    assert said["not-patient-results"].startswith("1 result: ")


def test_reading_tells_what_a_header_lacks(ingest):
    (conventions,) = ingest("PID,Neutrophils,Hemoglobbin,Wart\n1,3,120,x\n").table_conventions
    assert conventions.columns == {
        "PID": "patient_id",
        "Neutrophils": "Neutrophils: unit-missing",
        "Hemoglobbin": "Hemoglobbin: analyte-unclear",
        "Wart": "not used",
    }
    assert conventions.nearest["Hemoglobbin"] == "Hemoglobin"
    assert conventions.nearest["Wart"] == "Wert"


def test_site_says_code_page_and_population(ingest):
    content = "PID,Name,Sample ID,Hb (g/l)\n1,Жук,S1,120\n".encode("cp1251")
    found = ingest(content, encoding="cp1251", population="adult")
    assert list(found.results["patient_name"]) == ["Жук"]
    assert list(found.results["population"]) == ["adult"]
    assert found.table_conventions[0].encoding == "cp1251"


def test_workbook_sheets(tmp_path):
    book = openpyxl.Workbook()
    first = book.active
    first.title = "March"
    first.append(["PID", "Sample ID", "Drawn", "Hb (g/l)"])
    first.append(["0012", "S1", pd.Timestamp("2024-03-04 10:30"), 112.5])
    first["C2"].number_format = "yyyy-mm-dd hh:mm"
    book.create_sheet("Notes").append(["nothing here"])
    wrong = book.create_sheet("Half")
    wrong.append(["Hb (g/l)"])
    wrong.append([120])
    more = book.create_sheet("April")
    more.append(["PID", "Sample ID", "Hb (g/l)"])
    more.append(["0013", "S2", 120])
    book.save(tmp_path / "a.xlsx")
    found = account(
        read_results(tmp_path / "a.xlsx", "a.xlsx", KNOWLEDGE, SiteConventions(), None, TODAY)
    )
    assert values_of(found) == ["0012 hemoglobin 112.5", "0013 hemoglobin 120.0"]
    assert list(found.results["source_sheet"]) == ["March", "April"]
    sheets = dict(zip(found.issues["sheet"], found.issues["code"], strict=True))
    assert sheets == {"Notes": "sheet-not-used", "Half": "patient-column-missing"}
    said = dict(zip(found.issues["code"], found.issues["message"], strict=True))
    assert said["sheet-not-used"] == CATALOGUE["sheet-not-used"].message


@pytest.mark.parametrize(
    ("content", "most", "said"),
    [
        (LONG + "A,F,,S1,2024-03-04,Hb,112,g/L\n" * 3, 3, ""),
        (LONG + "A,F,,S1,2024-03-04,Hb,112,g/L\n" * 4, 3, "more than 3 results: "),
        ("PID,Hb (g/L),MCV\nA,112,90\nB,,91\n", 3, ""),  # cells that are empty are no results
        ("PID,Hb (g/L),MCV\nA,112,90\nB,113,91\n", 3, "more than 3 results: "),
    ],
)
def test_a_file_of_more_results_than_fit_into_memory_is_refused(tmp_path, content, most, said):
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    found = read_results(path, "a.csv", KNOWLEDGE, SiteConventions(most_results=most), None, TODAY)
    errors = found.issues[found.issues["severity"].eq("error")]
    refused = errors.loc[errors["code"].eq("file-too-large"), "message"].tolist()
    assert refused == ([said + CATALOGUE["file-too-large"].message] if said else [])
    assert found.read == (0 if said else 3)


def test_combine_numbers_results_over_all_files(ingest):
    one = ingest(LONG + "A,F,,S1,2024-03-04,Hb,112,g/L\nA,F,,S1,2024-03-04,Hb,,g/L\n", "1.csv")
    two = ingest(LONG + "B,F,,S2,2024-03-04,Sodium,1,g/L\nB,F,,S2,2024-03-04,Hb,1200,\n", "2.csv")
    dataset = combine([one, two])
    assert (list(dataset.results["result_id"]), list(dataset.held["result_id"])) == ([0], [1, 3])
    assert ([file.ignored for file in dataset.files], dataset.read) == ([0, 1], 4)
    errors = dataset.issues[dataset.issues["severity"].eq("error")]
    assert dict(zip(errors["result_id"], errors["source_file"], strict=True)) == {
        1: "1.csv",
        3: "2.csv",
    }
    assert combine([]).read == 0


def test_conflicts_between_files_are_held(ingest):
    one = ingest(LONG + "A,F,1970-01-02,S1,2024-03-04,Hb,112,g/L\n", "1.csv")
    two = ingest(
        LONG + "A,M,1970-01-02,S2,2024-03-04,Hb,112,g/L\nB,M,,S3,2024-03-04,Hb,112,g/L\n", "2.csv"
    )
    settled = hold_conflicts(combine([one, two]))
    assert list(settled.results["patient_id"]) == ["B"]
    assert list(settled.held["code"]) == ["identity-conflict"] * 2
    assert list(settled.held["source_file"]) == ["1.csv", "2.csv"]
    assert len(settled.results) + len(settled.held) == settled.read == 3


def test_what_breaks_a_contract_is_a_bug_that_names_no_cell(ingest):
    found = ingest(LONG + "SECRET,F,,S1,2024-03-04,Hb,112,g/L\n")
    with pytest.raises(KeyError):
        hold(found.results, found.issues)
    wrong = found.results.assign(unit="", comparator="~SECRET")
    with pytest.raises(RuntimeError, match="comparator") as bug:
        validate_results(wrong)
    assert "SECRET" not in str(bug.value)


def test_the_collector_runs_again_after_a_file(ingest):
    ingest(LONG)
    assert gc.isenabled()


def export_of(**texts):
    export = Export.no_rows()
    row = dict.fromkeys(export.columns, "") | {
        "result_id": 7,
        "source_file": "a.csv",
        "source_row": 3,
        "patient_id": "A",
    }
    return pd.DataFrame([row | texts]).astype(Export.column_types())


@pytest.mark.parametrize(
    ("texts", "codes"),
    [
        ({}, []),
        ({"patient_id": ""}, ["patient-id-missing"]),
        ({"patient_id": "####"}, ["patient-id-damaged"]),
        ({"comment": "two\nlines\tand more"}, []),
        ({"comment": "bell\x07"}, ["cell-unprintable"]),
        ({"comment": "\ud800"}, ["cell-unprintable"]),
        ({"comment": "x" * 32_001}, ["cell-too-long"]),
        ({"comment": "x" * 32_000}, []),
        ({"patient_id": "", "sample_id": "1E+10"}, ["patient-id-missing", "specimen-damaged"]),
    ],
)
def test_failure_cases_become_issues(texts, codes):
    export = export_of(**texts)
    issues = find_bad_cells(Export, export, {"patient_id": "MRN"})
    found = sorted(issues["code"])
    assert issues["result_id"].eq(7).all()
    assert issues["row"].eq(3).all()
    if "patient-id-missing" in found:
        assert "MRN" in set(issues["column"])
    assert found == codes
    assert set(codes) <= set(CATALOGUE)


def test_a_wrong_table_is_a_bug_that_names_no_cell():
    export = export_of(patient_id="SECRET", sample_id="1E+10").assign(
        patient_name=pd.Series([1.5]), source_row=0
    )
    with pytest.raises(RuntimeError, match="source_row") as bug:
        find_bad_cells(Export, export, {})
    assert "SECRET" not in str(bug.value)
    assert bug.value.__suppress_context__


def test_equal_rows_of_two_sheets_are_two_specimens(tmp_path):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("April")):
        sheet.append(["Patient ID", "HGB (g/dL)"])
        sheet.append(["P1", 12])
    path = tmp_path / "wide.xlsx"
    book.save(path)
    found = read_results(path, path.name, KNOWLEDGE, SiteConventions(), today=TODAY)
    stems = [name.split("#", 1)[1] for name in found.results["accession"]]
    assert stems == ["Sheet#2", "April#2"]


def test_a_patient_called_like_a_header_is_no_second_header(ingest):
    rows = "TEST,F,1980-05-01,PLT,2026-03-01,Hemoglobin,11.2,g/dL\nP2,F,1980-05-01,S2,2026-03-01,Hemoglobin,9,g/dL\n"
    assert values_of(ingest(LONG + rows)) == ["TEST hemoglobin 112.0", "P2 hemoglobin 90.0"]


def test_ids_are_read_without_the_guards_of_spreadsheets(ingest):
    rows = ['"=""0012""",\'077,11.2', "'0012,S2,12", "O'Neil,S3,13", '="",S4,14']
    found = ingest("patient_id,sample_id,Hemoglobin (g/dL)\n" + "\n".join(rows) + "\n")
    assert list(found.results["patient_id"]) == ["0012", "0012", "O'Neil"]
    assert list(found.results["accession"]) == ["077", "S2", "S3"]
    said = found.issues[found.issues["code"].eq("id-guarded")]
    assert [message.split(":")[0] for message in said["message"]] == ["4 cells"]
