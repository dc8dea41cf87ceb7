"""The advice for a held row leads to a row that is accepted: every code, followed to the letter."""

import csv
import io
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from openpyxl import Workbook, load_workbook

from pipeline.assessment import apply_resubmissions
from pipeline.history.originals import keep_original
from pipeline.ingest.dataset import combine
from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.issues import all_issues
from pipeline.issues.catalogue import CATALOGUE, ERROR
from pipeline.knowledge.load import load_knowledge
from pipeline.reconcile.conflicts import hold_against_sex
from pipeline.reconcile.decisions import resolve_people
from pipeline.reconcile.joined_observations import join_selected, select_observations
from pipeline.reconcile.reportable_results import select_reportable
from pipeline.report.excel.package import save_workbook
from pipeline.report.held_rows.held_workbook import render_held
from pipeline.texts import ENGLISH

KNOWLEDGE = load_knowledge()
TODAY = date(2026, 11, 1)
RUN_AT = datetime(2026, 11, 1, 6, 0)

LONG = "PID,Sample ID,Test,Result,Unit"
SDTM = "USUBJID,sample_id,LBTEST,LBORRES,LBORRESU,LBSTRESN,LBSTRESU"
WIDE = "PID,Sample ID,Hb (g/dL),MCV (fL)"
# Code → (lines of the file, (row of the workbook from 0, column) → what the advice makes of it).
ADVICE = {
    "row-shape": (f"{LONG}\n1,S1,Hemoglobin,11.2\n", {(0, "PID"): "1", (0, "Unit"): "g/dL"}),
    "row-quotes": (f'{LONG}\n1,S1,"Hemoglobin,11.2,g/dL\n', {(0, "PID"): "1", (0, "Sample ID"): "S1", (0, "Test"): "Hemoglobin", (0, "Result"): "11.2", (0, "Unit"): "g/dL"}),
    "row-header": (f"{LONG}\n9,S9,Hemoglobin,15,g/dL\n\nSample ID,PID,Test,Unit,Result\nS1,1,Hemoglobin,g/dL,11.2\n", {(0, None): "", (1, "PID"): "1", (1, "Sample ID"): "S1", (1, "Result"): "11.2", (1, "Unit"): "g/dL"}),
    "row-units": ("PID,Sample ID,Hb,MCV\n1,S1,g/dL,fL\n2,S2,11.2,104\n", {(0, "PID"): "", (0, "Sample ID"): ""}),
    "cell-too-long": (f"{WIDE}\n1,S1,{'1' * 32001},91\n", {(0, "PID"): "1", (0, "Hb (g/dL)"): "11.2"}),
    "cell-unprintable": (f"{LONG}\n1,S1,Hemo\x07globin,11.2,g/dL\n", {(0, "Test"): "Hemoglobin"}),
    "patient-id-missing": (f"{LONG}\n,S1,Hemoglobin,11.2,g/dL\n", {(0, "PID"): "1"}),
    "patient-id-damaged": (f"{LONG}\n1.23E+02,S1,Hemoglobin,11.2,g/dL\n", {(0, "PID"): "00123"}),
    "patient-id-unsafe": (f"{LONG}\n00\u200b123,S1,Hemoglobin,11.2,g/dL\n", {(0, "PID"): "00123"}),
    "specimen-unknown": (f"{LONG}\n1,,Hemoglobin,11.2,g/dL\n", {(0, "Sample ID"): "S-1"}),
    "specimen-damaged": (f"{LONG}\n1,1.5E+07,Hemoglobin,11.2,g/dL\n", {(0, "Sample ID"): "S-1"}),
    "specimen-two-days": (
        f"{LONG},Collected\n1,S1,Hemoglobin,11.2,g/dL,2026-05-01\n1,S1,MCV,91,fL,2026-05-09\n",
        {(1, "Sample ID"): "S2"},
    ),
    "specimen-conflict": (f"{LONG}\n1,S1,Hemoglobin,11.2,g/dL\n2,S1,MCV,91,fL\n", {(1, "Sample ID"): "S2"}),
    "analyte-unclear": (f"{LONG}\n1,S1,Hemoglobbin,11.2,g/dL\n", {(0, "Test"): "Hemoglobin"}),
    "analyte-unlisted": (f"{LONG}\n1,S1,Zorbocytes,150,10*9/L\n", {(0, "Test"): "Platelets"}),
    "record-doubtful": (f"{LONG},Sex\nBLANK,S1,Hemoglobin,11.2,g/dL,F\n", {(0, "PID"): "1"}),
    "count-uncorrected": (f"{LONG}\n1,S1,Uncorrected WBC,12,10*9/L\n", {(0, "Test"): "Corrected WBC", (0, "Result"): "3.0"}),
    "correction-held": (f"{LONG}\n1,S1,WBC,12,10*9/L\n1,S1,Corrected WBC,abc,10*9/L\n", {(1, "Result"): "3.0"}),
    "analyte-contradiction": (f"{LONG},LOINC\n1,S1,Hemoglobin,11.2,g/dL,777-3\n", {(0, "LOINC"): ""}),
    "analyte-missing": (f"{LONG}\n1,S1,,11.2,g/dL\n", {(0, "Test"): "Hemoglobin"}),
    "loinc-unknown": (f"{LONG},LOINC\n1,S1,Hemoglobin,11.2,g/dL,12345-5\n", {(0, "LOINC"): ""}),
    "unit-missing": (f"{LONG}\n1,S1,Hemoglobin,11.2,\n", {(0, "Unit"): "g/dL"}),
    "unit-not-accepted": (f"{LONG}\n1,S1,Hemoglobin,11.2,fL\n", {(0, "Unit"): "g/dL"}),
    "unit-contradiction": (f"{LONG}\n1,S1,Hemoglobin,112 g/L,g/dL\n", {(0, "Unit"): "g/L"}),
    "value-missing": (f"{LONG}\n1,S1,Hemoglobin,,g/dL\n", {(0, "Result"): "12.5"}),
    "not-measured": (f"{LONG}\n1,S1,Hemoglobin,pending,g/dL\n", {(0, "Result"): "12.5"}),
    "measurement-failed": (f"{LONG}\n1,S1,Hemoglobin,****,g/dL\n", {(0, "Result"): "12.5"}),
    "specimen-unreliable": (f"{LONG}\n1,S1,Hemoglobin,hemolyzed,g/dL\n", {(0, "Result"): "12.5", (0, "Sample ID"): "S2"}),
    "not-a-number": (f"{LONG}\n1,S1,Hemoglobin,abc,g/dL\n", {(0, "Result"): "12.5"}),
    "number-ambiguous": (f"{LONG}\n1,S1,Platelets,\"1,060\",10*9/L\n", {(0, "Result"): "1060"}),
    "value-impossible": (f"{LONG},Reference range\n1,S1,Hemoglobin,112,g/dL,12.0-15.5\n", {(0, "Unit"): "g/L", (0, "Reference range"): "120-155"}),
    "index-too-high": (f"{LONG}\n1,S1,MCHC,330,g/dL\n", {(0, "Unit"): "g/L"}),
    "percent-as-fraction": (
        f"{LONG}\n1,S1,Neutrophils,0.55,%\n1,S1,Lymphocytes,0.35,%\n1,S1,Monocytes,0.10,%\n",
        {(0, "Result"): "55", (1, "Result"): "35", (2, "Result"): "10"},
    ),
    "percent-or-fraction": (f"{LONG}\n1,S1,Neutrophils,0.55,%\n", {(0, "Result"): "55"}),
    "values-disagree": (f"{SDTM}\n1,S1,Hemoglobin,112,g/L,14.2,g/dL\n", {(0, "LBSTRESN"): ""}),
    "date-unreadable": (f"{LONG},Collected\n1,S1,Hemoglobin,11.2,g/dL,31/31/2025\n", {(0, "Collected"): "2025-10-31"}),
    "date-ambiguous": (f"{LONG},Collected\n1,S1,Hemoglobin,11.2,g/dL,05/03/2026\n", {(0, "Collected"): "2026-03-05"}),
    "date-impossible": (f"{LONG},Collected,Birth date\n1,S1,Hemoglobin,11.2,g/dL,1970-05-01,1980-05-01\n", {(0, "Collected"): "2026-05-01"}),
    "sex-unreadable": (f"{LONG},Sex\n1,S1,Hemoglobin,11.2,g/dL,female?\n", {(0, "Sex"): "F"}),
    "age-unreadable": (f"{LONG},Age\n1,S1,Hemoglobin,11.2,g/dL,old\n", {(0, "Age"): "44"}),
    "status-unreadable": (f"{LONG},Status\n1,S1,Hemoglobin,11.2,g/dL,maybe\n", {(0, "Status"): "final"}),
    "material-unclear": (f"{LONG},Material\n1,S1,Hemoglobin,11.2,g/dL,goo\n", {(0, "Material"): "blood"}),
    "species-not-human": (f"{LONG},Material\n1,S1,Hemoglobin,11.2,g/dL,Blood\n2,S2,Hemoglobin,15,g/dL,Canine\n", {(1, None): ""}),
    "interval-not-human": (f"{LONG},Reference range\n1,S1,Hemoglobin,112,g/L,12.0-15.5\n", {(0, "Reference range"): "120-155"}),
    "run-failed": (f"{WIDE}\n1,S1,****,91\n", {(0, "Hb (g/dL)"): "12.5"}),
    "answer-unreadable": (f"{LONG}\n1,S1,Hypersegmented neutrophils,perhaps so,\n", {(0, "Result"): "present"}),
    "answer-is-number": (f"{LONG}\n1,S1,Intrinsic factor antibody,0.9,AU/mL\n", {(0, "Result"): "negative (<1.0)"}),
    "observations-disagree": (f"{LONG},Status\n1,S1,Hypersegmented neutrophils,present,,final\n1,S1,Hypersegmented neutrophils,not seen,,final\n", {(0, "Status"): "corrected"}),
    "context-against-sex": (f"{LONG},Sex,Pregnant\n1,S1,Hemoglobin,11.2,g/dL,M,yes\n", {(0, "Pregnant"): "no"}),
    "identity-conflict": (f"{LONG},Birth date\n1,S1,Hemoglobin,11.2,g/dL,1980-05-01\n1,S2,Hemoglobin,11.4,g/dL,1981-05-01\n", {(1, "Birth date"): "1980-05-01"}),
    "results-disagree": (f"{LONG},Status\n1,S1,Hemoglobin,11.2,g/dL,final\n1,S1,Hemoglobin,12.2,g/dL,final\n", {(0, "Status"): "corrected"}),
    "counts-contradict": (f"{LONG}\n1,S1,WBC,3.2,10*9/L\n1,S1,Neutrophils,23,10*9/L\n", {(1, "Result"): "2.3"}),
    "zero-alone": (f"{LONG}\n1,S1,Neutrophils,0,10*9/L\n", {(0, None): ""}),
    "comparator-unclear": (f"{LONG},Comparator\n1,S1,Hemoglobin,11.2,g/dL,~~\n", {(0, "Comparator"): ""}),
    "comparator-contradiction": (f"{LONG},Comparator\n1,S1,Hemoglobin,<11.2,g/dL,>\n", {(0, "Comparator"): ""}),
    "column-of-comparators": (f"{LONG},Operator\n1,S1,Vitamin B12,200,pg/mL,Smith\n2,S2,Vitamin B12,300,pg/mL,<\n", {(0, "Result"): "<300", (0, "Operator"): ""}),
    "column-of-materials": (f"{LONG},Xyz\n1,S1,Hemoglobin,11.2,g/dL,Ascites\n2,S2,Hemoglobin,11,g/dL,Ascites\n", {(0, None): "", (1, None): ""}),
    "column-of-statuses": (f"{LONG},Xyz\n1,S1,Hemoglobin,11.2,g/dL,preliminary\n2,S2,Hemoglobin,11,g/dL,final\n", {(0, "Xyz"): ""}),
    "column-of-warnings": ("PID,zz,Sample ID,Hb (g/dL)\n1,*,S1,11.2\n", {(0, "zz"): ""}),
    "mark-unreliable": ("PID,Sample ID,Ferritin (ng/mL),Ferritin/M\n1,S1,9,*\n", {(0, "Ferritin (ng/mL)"): "12.5", (0, "Ferritin/M"): ""}),
    "hold-unchecked": (f"{LONG},labflag_hold\n1,S1,Hemoglobin,[check] 11.2,g/dL,\n", {(0, "Result"): "11.2"}),
    "hold-damaged": (f"{LONG},labflag_hold\n1,S1,Hemoglobin,11.2,g/dL,0a1b\n", {}),
}  # fmt: skip
# In wide tables a cell is emptied, and the unit is that of the header.
MORE = {
    "zero-alone": ("PID,Sample ID,Neutrophils (10*9/L),Hb (g/dL)\n1,S1,0,11.2\n", {(0, "Neutrophils (10*9/L)"): ""}),
    "value-impossible": (f"{WIDE}\n1,S1,112,91\n", {(0, "Hb (g/dL)"): "11.2"}),
    "unit-missing": ("PID,Sample ID,Hb,MCV\n1,S1,11.2,91\n", {(0, "Hb"): "11.2 g/dL"}),
    "unit-contradiction": (f"{WIDE}\n1,S1,112 g/L,91\n", {(0, "Hb (g/dL)"): "11.2"}),
    "unit-not-accepted": (f"{LONG},Reference range\n1,S1,Hemoglobin,112,g/dL/L,12.0-15.5\n", {(0, "Unit"): "g/L", (0, "Reference range"): "120-155"}),
    "index-too-high": (f"{LONG},Reference range\n1,S1,MCHC,330,g/dL,320-360\n", {(0, "Unit"): "g/L"}),
    "values-disagree": (f"{SDTM}\n1,S1,Hemoglobin,112,g/L,112,g/dL\n", {(0, "LBSTRESN"): "11.2"}),
    "percent-as-fraction": (f"{LONG}\n1,S1,Neutrophils,0.55,%\n1,S1,Lymphocytes,0.45,%\n", {(0, "Result"): "55 %", (1, "Result"): "45 %"}),
    "value-missing": (f"{LONG}\n1,S1,Hemoglobin,,g/dL\n2,S2,MCV,91,fL\n", {(0, None): ""}),
    "not-measured": (f"{LONG}\n1,S1,Hemoglobin,pending,g/dL\n2,S2,MCV,91,fL\n", {(0, None): ""}),
    "species-not-human": (f"{LONG},Material\n1,S1,Hemoglobin,11.2,g/dL,Blood\n2,S2,Hemoglobin,15,g/dL,Canine\n", {(1, None): ""}),
    "interval-not-human": (
        f"{LONG},Reference range\n1,S1,Hemoglobin,112,g/L,12.0-15.5\n1,S1,MCH,28,pg,2.8-3.2\n1,S1,MCV,91,fL,80-100\n",
        {(0, "Reference range"): "120-155", (1, "Reference range"): "28-32"},
    ),
    "date-impossible": (f"{LONG},Collected,Birth date\n1,S1,Hemoglobin,11.2,g/dL,2026-05-01,2030-05-01\n", {(0, "Birth date"): "1980-05-01"}),
    "analyte-contradiction": (f"{LONG},LOINC\n1,S1,Hemoglobin,230,10*9/L,777-3\n", {(0, "Test"): "Platelets"}),
    "identity-conflict": (f"{LONG},Name\n1,S1,Hemoglobin,11.2,g/dL,Aster Sample\n1,S2,Hemoglobin,11.4,g/dL,Borage Other\n", {(1, "PID"): "2"}),
    "results-disagree": (f"{LONG},Status\n1,S1,Hemoglobin,11.2,g/dL,final\n1,S1,Hemoglobin,12.2,g/dL,final\n", {(1, "Status"): "cancelled"}),
    "specimen-two-days": (f"{LONG},Collected\n1,S1,Hemoglobin,11.2,g/dL,2026-05-01\n1,S1,MCV,91,fL,2026-05-09\n", {(1, "Collected"): "2026-05-01"}),
}  # fmt: skip
WHOLE_FILE = {
    "unit-column-unnamed", "file-unreadable", "file-not-read", "file-no-rights", "file-memory", "reader-stopped", "file-fault", "file-ended-runs", "file-empty", "file-kind", "file-encrypted", "file-macros", "workbook-unsafe", "workbook-damaged",
    "workbook-exhausting", "workbook-no-visible-sheet", "no-layout", "layout-ambiguous", "missing-column", "patient-column-missing", "duplicate-column",
    "file-not-plain", "file-not-what-it-says", "file-too-large", "file-encoding", "delimiter-ambiguous", "hold-mixed", "folder-unreachable",
    "file-changed", "seal-broken",
}  # fmt: skip


def read(folder, *contents):
    files = []
    for name, content in contents:
        path = folder / name
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8", newline="")
        elif not path.exists():
            content.save(path)
        files.append(read_results(path, name, KNOWLEDGE, SiteConventions(), today=TODAY))
    dataset = hold_against_sex(
        resolve_people(apply_resubmissions(combine(files), KNOWLEDGE), ()), KNOWLEDGE
    )
    said = select_observations(dataset.observations, KNOWLEDGE)
    selected = join_selected(select_reportable(dataset.results, dataset.held, KNOWLEDGE), said)
    held = pd.concat([dataset.held, selected.held], ignore_index=True)
    return files, held, all_issues(dataset.issues, selected.issues)


def follow(folder, name, content, advice):
    """Apply corrections to the workbook of held rows and drop it back: (codes before, after)."""
    (file,), held, issues = read(folder, (name, content))
    book = render_held(keep_original(file), [name], held, issues)
    save_workbook(book, folder / "held.xlsx", RUN_AT)
    sheet = load_workbook(folder / "held.xlsx").worksheets[0]
    header, *rows = [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    ours = [at for at, text in enumerate(header) if str(text).startswith("labflag_")]
    first = header.index("labflag_fix") + 1
    for (row, column), text in advice.items():
        if row == "header":
            header[first + column] = text
        elif column is None:
            rows[row] = [cell if at in ours else "" for at, cell in enumerate(rows[row])]
        else:
            rows[row][header.index(column)] = text
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    _, after, _ = read(folder, (name, content), ("back.csv", stream.getvalue()))
    errors = issues[issues["severity"].eq(str(ERROR))]
    return set(errors["code"]), list(after["code"])


@pytest.mark.parametrize(("code", "case"), [*ADVICE.items(), *MORE.items()])
def test_the_advice_leads_to_a_row_that_is_accepted(tmp_path, code, case):
    content, advice = case
    before, after = follow(tmp_path, "export.csv", content, advice)
    assert code in before
    assert after == []


def book_with(value, *, how="", number_format="General"):
    """A workbook whose first cell of results holds something that is no plain number."""
    book = Workbook()
    sheet = book.active
    sheet.append(["PID", "Sample ID", "Test", "Result", "Unit"])
    sheet.append(["1", "S1", "Hemoglobin", value, "g/dL"])
    sheet["D2"].number_format = number_format
    if how == "merged":
        sheet.append(["2", "S2", "Hemoglobin", 12, "g/dL"])
        # Other than with `merge_cells`, the hidden cell keeps what stands in it.
        sheet.merged_cells.add("D2:D3")
    return book


CELLS = {
    "cell-boolean": book_with(True),
    "cell-error": book_with("#DIV/0!"),
    "cell-formula": book_with("=1+11"),
    "cell-format": book_with(0.125, number_format="0%"),
    "cell-digits": book_with(1234567890123456789),
    "cell-date": book_with(timedelta(hours=30), number_format="[h]:mm"),
    "cell-merged": book_with(11, how="merged"),
}


@pytest.mark.parametrize("code", CELLS)
def test_a_cell_of_a_workbook_is_corrected_and_accepted(tmp_path, code):
    right = {(0, "Result"): "12.5"}
    before, after = follow(tmp_path, "export.xlsx", CELLS[code], right)
    assert code in before
    assert after == []


def test_every_code_that_holds_rows_is_tried():
    errors = {code for code, kind in CATALOGUE.items() if kind.severity == ERROR}
    # Decisions of people and two files for one row are tried where they are made.
    elsewhere = {
        "identity-rejected",
        "hold-contradiction",
        "specimen-rejected",
        "specimen-no-day",
        # Only a new specimen helps.
        "specimen-misidentified",
    }
    assert errors - WHOLE_FILE - elsewhere == set(ADVICE) | set(CELLS)
    assert errors - WHOLE_FILE <= set(ENGLISH.examples)
