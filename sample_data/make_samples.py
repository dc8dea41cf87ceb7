"""Make the synthetic exports of this folder: `python -m sample_data.make_samples [FOLDER]`.

Nobody in them exists. The same script gives the same bytes; sample_data/README.md says what
each file shows.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from sample_data.synthesis import casts, forms
from sample_data.synthesis.faults import make_corrections, make_held_rows, make_incomplete
from sample_data.synthesis.forms import Column, show
from sample_data.synthesis.people import Specimen, cast, draw_again, rename
from sample_data.synthesis.rows import LONG, NARROW, Row, about, long_rows, write_text
from sample_data.synthesis.workbooks import Cell, write_xls, write_xlsx

HERE = Path(__file__).parent

_WIDE_HEADER = NARROW[:6]
_GERMAN_HEADER = [
    "Patientennummer",
    "Name",
    "Geschlecht",
    "Geburtsdatum",
    "Probennummer",
    "Abnahmedatum",
]


def _from_long_conventional() -> list[Specimen]:
    return cast("01", "Sample", casts.LONG_CONVENTIONAL, prefix="A")


def make_long_conventional(folder: Path) -> None:
    rows = [
        row
        for specimen in _from_long_conventional()
        for row in long_rows(specimen, forms.CONVENTIONAL)
    ]
    write_text(folder / "01_long_conventional.csv", LONG, rows)


def make_long_si(folder: Path) -> None:
    people = cast("02", "Example", casts.LONG_SI, prefix="B", year=2025)
    rows = [row for specimen in people for row in long_rows(specimen, forms.SI)]
    write_text(folder / "02_long_si.tsv", NARROW, rows, delimiter="\t")


def make_lang_deutsch(folder: Path) -> None:
    header = [*_GERMAN_HEADER, "Analyt", "Ergebnis", "Einheit", "Referenz unten", "Referenz oben"]
    rows = []
    for specimen in cast("03", "Beispiel", casts.LANG_DEUTSCH, prefix="C", year=2025):
        for column in forms.DEUTSCH:
            text = show(specimen, column, decimal=",")
            if text:
                low, high = forms.interval(column, specimen.person.sex)
                cells = (*_about_german(specimen), column.name, text, column.unit, low, high)
                rows.append(dict(zip(header, cells, strict=True)))
    path = folder / "03_lang_deutsch.csv"
    write_text(path, header, rows, delimiter=";", encoding="utf-8-sig")


def make_breit_deutsch(folder: Path) -> None:
    header = [*_GERMAN_HEADER, *_titles(forms.BREIT)]
    rows = []
    for specimen in cast("04", "Muster", casts.BREIT_DEUTSCH, prefix="D", year=2024):
        cells = (*_about_german(specimen), *(show(specimen, column, ",") for column in forms.BREIT))
        rows.append(dict(zip(header, cells, strict=True)))
    path = folder / "04_breit_deutsch.csv"
    write_text(path, header, rows, delimiter=";", encoding="cp1252")


def _about_german(specimen: Specimen) -> tuple[str, ...]:
    person = specimen.person
    return (
        person.id,
        person.name,
        {"F": "w", "M": "m"}[person.sex],
        f"{person.born:%d.%m.%Y}",
        specimen.accession,
        f"{specimen.collected_at:%d.%m.%Y %H:%M}",
    )


def make_wide_conventional(folder: Path) -> None:
    """Numbers are numbers; neutrophils in percent only; glucose and MPV are not ours."""
    people = cast("05", "Trial", casts.WIDE_CONVENTIONAL, prefix="E")
    header = [*_WIDE_HEADER, *_titles(forms.WIDE), "Glucose (mg/dL)", "MPV (fL)"]
    rows = [
        [*_wide_row(specimen, forms.WIDE), 82 + 3 * number, round(9.1 + number / 10, 1)]
        for number, specimen in enumerate(people)
    ]
    write_xlsx(folder / "05_wide_conventional.xlsx", {"Results": [header, *rows]})


def make_wide_si(folder: Path) -> None:
    people = cast("06", "Specimen", casts.WIDE_SI, prefix="F", year=2025)
    columns = [column for column in forms.SI if column.analyte not in ("active-b12", "mma", "egfr")]
    rows = [_wide_row(specimen, columns) for specimen in people]
    write_xls(folder / "06_wide_si.xls", "Export", [[*_WIDE_HEADER, *_titles(columns)], *rows])


def _titles(columns: Iterable[Column]) -> list[str]:
    return [f"{column.name} ({column.unit})" for column in columns]


def _wide_row(specimen: Specimen, columns: Iterable[Column]) -> list[Cell]:
    person = specimen.person
    texts = (show(specimen, column) for column in columns)
    return [
        person.id,
        person.name,
        person.sex,
        person.born,
        specimen.accession,
        specimen.collected_at,
        *map(_number, texts),
    ]


def _number(text: str) -> Cell:
    if text.isdigit():
        return int(text)
    return float(text) if text.replace(".", "").isdigit() else text or None


def make_children(folder: Path) -> None:
    """Birth date and age both; neutrophils as a count."""
    rows = [
        row
        for specimen in cast("07", "Seedling", casts.CHILDREN, prefix="G", year=2026)
        for row in long_rows(specimen, forms.CONVENTIONAL[:11])
    ]
    header = [name for name in LONG if name not in ("reference_low", "reference_high", "flag")]
    write_text(folder / "07_children.csv", header, rows)


def make_nhanes_like(folder: Path) -> None:
    """Survey codes as headers; a differential of zeros was not measured."""
    header = ["SEQN", "RIAGENDR", "RIDAGEYR", *(column.name for column in forms.NHANES)]
    rows = []
    people = cast("10", "Survey", casts.NHANES, prefix="", start=90000)
    for specimen in people:
        years = int(specimen.age.removesuffix("y"))
        about = (specimen.person.id, "1" if specimen.person.sex == "M" else "2", str(years))
        texts = [show(specimen, column) for column in forms.NHANES]
        rows.append(dict(zip(header, (*about, *texts), strict=True)))
    for row in rows[-2:]:
        row |= {column.name: "0" for column in forms.NHANES if column.name.endswith("PCT")}
    write_text(folder / "10_nhanes_like.csv", header, rows)


def make_follow_up(folder: Path) -> None:
    """Later specimens of patients of the first file, one sheet a year, ids as text."""
    earlier = {specimen.person.id: specimen for specimen in _from_long_conventional()}
    sheets: dict[str, list[list[Cell]]] = {}
    for patient_id, days_before, profile, overrides in FOLLOW_UP:
        first = earlier[patient_id]
        specimen = draw_again("11", first, -days_before, profile, *overrides)
        sheet = sheets.setdefault(str(specimen.collected_at.year), [list(NARROW)])
        sheet += [[row[name] for name in NARROW] for row in long_rows(specimen, forms.CONVENTIONAL)]
    stranger = rename(cast("11", "Sample", "F 52y healthy", prefix="K", start=30)[0], "000731")
    slugged = rename(cast("12", "Sample", "M 44y b12-low", prefix="K", start=31)[0], "ward 3/17")
    for specimen in (stranger, slugged):
        year = str(specimen.collected_at.year)
        sheets.setdefault(year, [list(NARROW)])
        sheets[year] += [
            [row[name] for name in NARROW] for row in long_rows(specimen, forms.CONVENTIONAL)
        ]
    write_xlsx(folder / "11_follow_up.xlsx", dict(sorted(sheets.items())))


# Patient of file 01, days before the specimen there, profile, overrides.
FOLLOW_UP = (
    ("A0001", 380, "healthy", ()),
    ("A0003", 200, "b12-low", ("mcv=103.2",)),
    ("A0003", 420, "b12-borderline", ()),
    ("A0004", 240, "b12-borderline", ()),
    ("A0010", 365, "count", ()),
    ("A0012", 180, "macro-mild", ("mcv=101.4",)),
    ("A0014", 90, "platelets-moderate", ()),
    ("A0015", 150, "two-lines", ()),
    ("A0015", 330, "platelets-mild", ()),
    ("A0018", 60, "neutro-moderate", ()),
    ("A0019", 45, "folate-deficient", ()),
)


def make_chemistry_only(folder: Path) -> None:
    """Nothing of ours: the file is recognized, and there is nothing to say."""
    rows: list[Row] = []
    for number, specimen in enumerate(cast("13", "Other", "F 44y count\n" * 3, prefix="M")):
        for name, value, unit in (
            ("Glucose", 88 + 5 * number, "mg/dL"),
            ("Sodium", 138 + number, "mmol/L"),
            ("Potassium", 4.1 + number / 10, "mmol/L"),
        ):
            rows.append(
                {**about(specimen), "analyte": name, "value": f"{value:g}", "unit": unit}
                | {"status": "final", "comment": ""}
            )
    write_text(folder / "13_chemistry_only.csv", NARROW, rows)


MAKERS: tuple[Callable[[Path], None], ...] = (
    make_long_conventional,
    make_long_si,
    make_lang_deutsch,
    make_breit_deutsch,
    make_wide_conventional,
    make_wide_si,
    make_children,
    make_corrections,
    make_held_rows,
    make_nhanes_like,
    make_follow_up,
    make_incomplete,
    make_chemistry_only,
)


def make_samples(folder: Path) -> None:
    """Write all sample files into a folder that exists."""
    for make in MAKERS:
        make(folder)


if __name__ == "__main__":
    make_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
