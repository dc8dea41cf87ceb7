"""The sample data: reproducible, believable, and every finding in it both present and absent.

The limits stand here a second time, on purpose: written from the published tables, not read
from pipeline/knowledge, so that the samples keep showing what their README says they show.
"""

import csv
import io
from pathlib import Path

import pytest
import python_calamine

from sample_data.make_samples import HERE, MAKERS, make_samples
from sample_data.synthesis import casts
from sample_data.synthesis.people import Specimen, cast

FILES = sorted(path.name for path in HERE.iterdir() if path.name[:2].isdigit())

CASTS = {
    name: cast(name, "Test", lines, prefix="T")
    for name, lines in vars(casts).items()
    if name.isupper() and name not in ("HELD_ROWS", "CORRECTIONS", "INCOMPLETE")
}
SPECIMENS = [specimen for specimens in CASTS.values() for specimen in specimens]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    make_samples(folder)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_script_gives_the_files_that_are_there(name: str, made: Path) -> None:
    assert (made / name).read_bytes() == (HERE / name).read_bytes(), "run `make samples`"


def test_no_file_is_missing_or_left_over(made: Path) -> None:
    assert sorted(path.name for path in made.iterdir()) == FILES
    assert len(FILES) == len(MAKERS)


@pytest.mark.parametrize("name", FILES)
def test_readme_names_every_file(name: str) -> None:
    assert f"`{name}`" in (HERE / "README.md").read_text(encoding="utf-8")


def read_rows(path: Path) -> list[list[str]]:
    """Read the cells of all sheets as text."""
    if path.suffix in (".xlsx", ".xls"):
        book = python_calamine.load_workbook(path)
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
        return [[str(cell) for cell in row] for sheet in sheets for row in sheet]
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252")
    delimiter = max("\t;,", key=text.splitlines()[0].count)
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_there_are_more_than_a_hundred_patients() -> None:
    ids = {row[0] for name in FILES for row in read_rows(HERE / name)}
    assert len(ids - {"patient_id", "Patientennummer", "SEQN", ""}) >= 100


@pytest.mark.parametrize(
    ("name", "encoding", "delimiter", "cell"),
    [
        ("01_long_conventional.csv", "ascii", ",", "10*3/uL"),
        ("02_long_si.tsv", "ascii", "\t", "<148"),
        ("03_lang_deutsch.csv", "utf-8-sig", ";", "Hämoglobin"),
        ("04_breit_deutsch.csv", "cp1252", ";", "Hämoglobin (mmol/l)"),
        ("07_children.csv", "ascii", ",", "23mo"),
        ("08_corrections.csv", "ascii", ",", "corrected"),
        ("09_held_rows.csv", "ascii", ",", "1.23E+11"),
        ("10_nhanes_like.csv", "ascii", ",", "LBXHGB"),
        ("12_incomplete.csv", "ascii", ",", ">89"),
        ("13_chemistry_only.csv", "ascii", ",", "Glucose"),
    ],
)
def test_text_files_have_their_dialect(name: str, encoding: str, delimiter: str, cell: str) -> None:
    text = (HERE / name).read_bytes().decode(encoding)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    assert len(rows[0]) > 5
    assert any(cell in row for row in rows)


def test_workbooks_hold_numbers_and_dates_as_such() -> None:
    for name in ("05_wide_conventional.xlsx", "06_wide_si.xls"):
        rows = python_calamine.load_workbook(HERE / name).get_sheet_by_index(0).to_python()
        kinds = [type(cell).__name__ for cell in rows[1]]
        assert kinds[:6] == ["str", "str", "str", "date", "str", "datetime"]
        assert kinds[6] in ("int", "float")


def test_leading_zeros_of_ids_survive() -> None:
    assert any(row[0] == "000731" for row in read_rows(HERE / "11_follow_up.xlsx"))


def test_some_patients_come_back() -> None:
    first = {row[0] for row in read_rows(HERE / "01_long_conventional.csv")}
    visits = {(row[0], row[4]) for row in read_rows(HERE / "11_follow_up.xlsx") if row[0] in first}
    assert len(visits) > len({patient for patient, _ in visits}) >= 9


# Physiology


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: f"{s.person.name}-{s.age}")
def test_indices_agree_with_the_counts(specimen: Specimen) -> None:
    values = specimen.values
    hematocrit, red_cells = values["hematocrit"], values["red-cells"]
    assert values["mcv"] == pytest.approx(hematocrit / red_cells * 10, abs=0.5)
    assert values["mch"] == pytest.approx(values["hemoglobin"] / red_cells * 10, abs=0.1)
    assert values["mchc"] == pytest.approx(values["hemoglobin"] / hematocrit * 100, abs=0.1)
    assert values["neutrophils"] < values["white-cells"] * 0.9
    parts = [value for name, value in values.items() if name.endswith("-percent")]
    assert sum(parts) == pytest.approx(100, abs=0.2)
    assert min(parts) >= 0
    assert specimen.person.born <= specimen.collected_at.date()
    assert f"{specimen.collected_at:%Y-%m-%d}" < "2026-11-01"


# Findings


def months(specimen: Specimen) -> int:
    count = int("".join(filter(str.isdigit, specimen.age)))
    return {"d": 0, "o": count, "y": 12 * count}[specimen.age[-1]]


# From months, to months, sex, anemia below, moderate below, severe below (g/dL).
WHO_2024 = (
    (24, 60, "FM", 11.0, 10.0, 7.0),
    (60, 144, "FM", 11.5, 11.0, 8.0),
    (144, 180, "FM", 12.0, 11.0, 8.0),
    (180, 9999, "F", 12.0, 11.0, 8.0),
    (180, 9999, "M", 13.0, 11.0, 8.0),
)


def anemia(specimen: Specimen) -> str:
    age, hemoglobin = months(specimen), specimen.values["hemoglobin"]
    if age < 6:
        return "present" if hemoglobin < 9.0 else "indeterminate"
    if age < 24:
        return "present" if hemoglobin < 10.5 else "absent"
    for low, high, sex, limit, moderate, severe in WHO_2024:
        if low <= age < high and specimen.person.sex in sex:
            if hemoglobin < severe:
                return "severe"
            if hemoglobin < moderate:
                return "moderate"
            return "mild" if hemoglobin < limit else "absent"
    raise AssertionError(specimen)


def graded(value: float, limit: float, moderate: float, severe: float) -> str:
    steps = ((severe, "severe"), (moderate, "moderate"), (limit, "mild"))
    return next((grade for below, grade in steps if value < below), "absent")


def macrocytosis(specimen: Specimen) -> str:
    mcv, age = specimen.values["mcv"], months(specimen)
    if age < 156:
        upper = {range(7, 36): 86, range(36, 84): 87, range(84, 156): 95}
        limit = next((limit for ages, limit in upper.items() if age in ages), None)
        return "not looked at" if limit is None else ("child" if mcv > limit else "absent")
    return graded(-mcv, -100, -110, -120)


def b12(specimen: Specimen) -> str:
    if "vitamin-b12" in specimen.said or "vitamin-b12" not in specimen.values:
        return "other"
    if months(specimen) < 192:
        return "low child" if specimen.values["vitamin-b12"] < 180 else "child"
    value = specimen.values["vitamin-b12"]
    return "low" if value < 180 else "borderline" if value <= 350 else "absent"


def adults() -> list[Specimen]:
    return [specimen for specimen in SPECIMENS if months(specimen) >= 156]


def lines_down(specimen: Specimen) -> int:
    values = specimen.values
    white = values["white-cells"] < 4.0 or values["neutrophils"] < 1.5
    return sum((anemia(specimen) in GRADES, values["platelets"] < 150, white))


GRADES = {"mild", "moderate", "severe"}


@pytest.mark.parametrize(
    ("low", "high", "sex", "expected"),
    [
        (0, 6, "FM", {"present", "indeterminate"}),
        (6, 24, "FM", {"present", "absent"}),
        (24, 60, "FM", {"mild", "severe", "absent"}),
        (60, 144, "FM", {"mild", "severe", "absent"}),
        (144, 180, "FM", {"mild", "absent"}),
        (180, 9999, "F", GRADES | {"absent"}),
        (180, 9999, "M", GRADES | {"absent"}),
    ],
)
def test_anemia_stands_in_every_age_band(low: int, high: int, sex: str, expected: set[str]) -> None:
    band = [s for s in SPECIMENS if low <= months(s) < high and s.person.sex in sex]
    assert {anemia(specimen) for specimen in band} >= expected


@pytest.mark.parametrize(
    ("rule", "found", "expected"),
    [
        ("macrocytosis", {macrocytosis(s) for s in SPECIMENS}, GRADES | {"absent", "child"}),
        ("vitamin B12", {b12(s) for s in SPECIMENS}, {"low", "borderline", "absent", "low child"}),
        (
            "low-platelets",
            {graded(s.values["platelets"], 150, 100, 50) for s in SPECIMENS},
            GRADES | {"absent"},
        ),
        (
            "low-white-cells",
            {graded(s.values["white-cells"], 4.0, 3.0, 2.0) for s in adults()},
            GRADES | {"absent"},
        ),
        (
            "low-neutrophils",
            {graded(s.values["neutrophils"], 1.5, 1.0, 0.5) for s in adults()},
            GRADES | {"absent"},
        ),
        (
            "low-neutrophils from percent alone",
            {graded(s.values["neutrophils"], 1.5, 1.0, 0.5) for s in CASTS["WIDE_CONVENTIONAL"]},
            GRADES | {"absent"},
        ),
        ("bicytopenia, pancytopenia", {lines_down(s) for s in adults()}, {0, 1, 2, 3}),
        (
            "macrocytic-anemia",
            {(anemia(s) in GRADES, macrocytosis(s) in GRADES) for s in adults()},
            {(False, False), (False, True), (True, False), (True, True)},
        ),
    ],
)
def test_every_finding_stands_present_and_absent(
    rule: str, found: set[object], expected: set[object]
) -> None:
    assert found >= expected, rule


@pytest.mark.parametrize("text", ["<150", "<200", "<300", ">300", ">2000", "180", "350", "351"])
def test_censored_and_borderline_vitamin_b12_stands_in_the_data(text: str) -> None:
    rows = read_rows(HERE / "12_incomplete.csv")
    assert any(row[6:8] == ["Vitamin B12", text] for row in rows)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("unit", ""),
        ("unit", "g/dL"),
        ("unit", "nmol/L"),
        ("value", "hemolyzed"),
        ("value", "112"),
        ("value", "1,060"),
        ("value", ""),
        ("patient_id", ""),
        ("collected_at", "31/31/2025"),
        ("analyte", "Hemoglobbin"),
        ("loinc", "777-3"),
        ("status", "maybe"),
        ("sex", "female?"),
    ],
)
def test_faults_stand_in_the_data_beside_sound_rows(column: str, text: str) -> None:
    head, *rows = read_rows(HERE / "09_held_rows.csv")
    place = head.index(column)
    faulty = [row for row in rows if len(row) == len(head) and row[place] == text]
    assert any(row[head.index("comment")] for row in faulty)
    assert len([row for row in rows if not row[-1]]) > 60


@pytest.mark.parametrize(
    ("column", "about"),
    [("birth_date", "patient_id"), ("sex", "patient_id"), ("patient_id", "sample_id")],
)
def test_conflicts_stand_in_the_data(column: str, about: str) -> None:
    head, *rows = read_rows(HERE / "09_held_rows.csv")
    seen: dict[str, set[str]] = {}
    for row in rows:
        if len(row) == len(head) and "two" in row[-1]:
            seen.setdefault(row[head.index(about)], set()).add(row[head.index(column)])
    assert any(len(texts) == 2 for texts in seen.values())


@pytest.mark.parametrize("status", ["final", "corrected", "preliminary", "cancelled"])
def test_every_status_stands_in_the_data(status: str) -> None:
    head, *rows = read_rows(HERE / "08_corrections.csv")
    assert any(row[head.index("status")] == status for row in rows)


def test_one_specimen_was_sent_twice() -> None:
    _, *rows = read_rows(HERE / "08_corrections.csv")
    assert len({tuple(row) for row in rows}) < len(rows)
