"""Files in which something is wrong on purpose: sent again, not usable, or not complete."""

from dataclasses import replace
from pathlib import Path

from sample_data.synthesis import casts, forms
from sample_data.synthesis.forms import Column
from sample_data.synthesis.people import Specimen, cast, draw_again
from sample_data.synthesis.rows import LONG, NARROW, Row, long_rows, write_text


def make_corrections(folder: Path) -> None:
    """What a laboratory sends again: each patient is one case, told in the comment."""
    rows = []
    people = cast("08", "Demo", casts.CORRECTIONS, prefix="H")
    for specimen, (name, status, text, comment) in zip(people, CORRECTIONS, strict=True):
        sent = long_rows(specimen, forms.CONVENTIONAL)
        row = next(row for row in sent if row["analyte"] == name)
        if status == "again":
            sent += sent
        elif text:
            sent.append({**row, "status": status, "value": text, "comment": comment})
        else:
            row |= {"status": status, "comment": comment}
        if (name, status) == ("Vitamin B12", "final"):
            row["status"] = "preliminary"
        rows += sent
    write_text(folder / "08_corrections.csv", NARROW, rows)


# Analyte, status and value of the second sending ("": the first one has the status), why.
CORRECTIONS = (
    ("Hemoglobin", "corrected", "12.3", "measured again"),
    ("Platelets", "corrected", "212", "platelet clumps in EDTA; counted again in citrate"),
    ("Vitamin B12", "final", "410", "repeated after dilution"),
    ("Vitamin B12", "preliminary", "", "not yet released"),
    ("WBC", "cancelled", "", "specimen clotted"),
    ("Hemoglobin", "again", "", ""),
    ("Hemoglobin", "final", "13.4", "two final results that disagree: both are held"),
    ("MCV", "corrected", "98.9", "measured again after warming"),
)


def make_held_rows(folder: Path) -> None:
    """One fault for each patient; the comment says what is wrong with the row."""
    people = cast("09", "Fault", casts.HELD_ROWS, prefix="J")
    columns = [c for c in forms.CONVENTIONAL if c.analyte in FAULTY_PANEL]
    rows: list[Row] = []
    for specimen, (name, change, comment) in zip(people, FAULTS, strict=False):
        sent = long_rows(specimen, columns)
        row = next(row for row in sent if row["analyte"] == name)
        row |= {**change, "comment": comment}
        rows += sent
    reborn, changed, first, second = people[len(FAULTS) : len(FAULTS) + 4]
    rows += _identity_conflict(reborn, columns, birth_date="1961-04-30")
    rows += _identity_conflict(changed, columns, sex="F", patient_name="Quince Fault")
    second = replace(second, accession=first.accession)
    for specimen in (first, second):
        rows += [
            {**row, "comment": "one specimen id on two patients"}
            for row in long_rows(specimen, columns)
        ]
    path = folder / "09_held_rows.csv"
    write_text(path, LONG, rows)
    with path.open("ab") as file:
        file.write(b"J0099,Quillwort Fault,F,1980-02-03,J26-00099\r\n")


def _identity_conflict(specimen: Specimen, columns: list[Column], **other: str) -> list[Row]:
    later = draw_again("09", specimen, 30, "healthy")
    comment = "one patient id, two " + " and ".join(other).replace("_", " ")
    return [
        {**row, "comment": comment}
        for row in long_rows(specimen, columns)
        + [{**row, **other} for row in long_rows(later, columns)]
    ]


FAULTY_PANEL = ("hemoglobin", "mcv", "platelets", "white-cells", "vitamin-b12")
FAULTS: tuple[tuple[str, Row, str], ...] = (
    ("Hemoglobin", {"unit": ""}, "unit missing"),
    ("Platelets", {"unit": "g/dL"}, "unit of another analyte"),
    ("Vitamin B12", {"unit": "nmol/L"}, "unit not used for vitamin B12"),
    ("Hemoglobin", {"value": "hemolyzed"}, "not a number"),
    ("Hemoglobin", {"value": "112"}, "112 g/dL is impossible; 112 g/L was meant"),
    ("Platelets", {"value": "1,060"}, "a number that can be read in two ways"),
    ("WBC", {"value": ""}, "value missing"),
    ("Vitamin B12", {"patient_id": ""}, "patient id missing"),
    ("Hemoglobin", {"collected_at": "31/31/2025"}, "no such date"),
    ("Hemoglobin", {"collected_at": "1950-01-01 08:00"}, "collected before birth"),
    ("Platelets", {"sample_id": "", "collected_at": ""}, "neither specimen id nor date"),
    ("Hemoglobin", {"analyte": "Hemoglobbin", "loinc": ""}, "name is close, but not the same"),
    ("Hemoglobin", {"loinc": "777-3"}, "LOINC code of platelets"),
    ("WBC", {"status": "maybe"}, "unknown status"),
    ("MCV", {"sex": "female?"}, "sex not readable"),
    ("Vitamin B12", {"patient_id": "1.23E+11"}, "patient id damaged by a spreadsheet"),
)


def make_incomplete(folder: Path) -> None:
    """Sex or age not known, censored values, vitamin B12 on and beside its limits."""
    rows = []
    people = cast("12", "Partial", casts.INCOMPLETE, prefix="L", year=2024)
    for specimen, (about, _) in zip(people, INCOMPLETE, strict=True):
        rows += [{**row, **about} for row in long_rows(specimen, forms.CONVENTIONAL[:11])]
    header = [
        name for name in LONG if name not in ("reference_low", "reference_high", "flag", "loinc")
    ]
    write_text(folder / "12_incomplete.csv", header, rows)


_UNSAID: Row = {"birth_date": "", "age": ""}
INCOMPLETE: tuple[tuple[Row, str], ...] = (
    ({"sex": ""}, "hemoglobin decides for one sex only"),
    ({"sex": "U"}, "anemia for either sex"),
    ({"sex": ""}, "no anemia for either sex"),
    (_UNSAID, "age not known"),
    (_UNSAID, "age not known, hemoglobin decides for some ages only"),
    ({"birth_date": ""}, "age in years only"),
    ({"birth_date": "", "age": ">89"}, "age above 89"),
    *(({}, "as reported"),) * 9,
)
