"""A run in German: no English text of the catalogue stands in anything that people open."""

import csv
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from pipeline.commands.run import run_batch
from pipeline.config import Settings
from pipeline.knowledge.load import load_knowledge
from pipeline.knowledge.translate import translate
from pipeline.texts import ENGLISH, LANGUAGES
from tests.workbooks.conftest import ROOT, RUN_AT

FILES = ("03_lang_deutsch.csv", "08_corrections.csv", "09_held_rows.csv", "12_incomplete.csv")
GERMAN = LANGUAGES["de"]
# Alike in both languages, or a word of findings.csv, an export or a file.
ALIKE = {
    "Code", "Hold", "Link", "Name", "Patient", "Status", "Text", "File", "final", "held", "SHA-256",
    "SI", "Trend", "Sheet", "present", "indeterminate", "female", "male", "Row", "limit",
    "labflag", "value", "status", "sex", "Rule", "hemoglobin",
}  # fmt: skip
CODES = "Auswertung"
"""The sheet that speaks in the codes of findings.csv."""


FILM = """\
patient_id,sex,age,sample_id,collected_at,analyte,value,unit,comment
W1,F,66,W1-1,2026-03-01,Hemoglobin,9.1,g/dL,
W1,F,66,W1-1,2026-03-01,MCV,118,fL,
W1,F,66,W1-1,2026-03-01,Vitamin B12,110,pg/mL,
W1,F,66,W1-1,2026-03-01,Macro-ovalocytes,present,,
W1,F,66,W1-1,2026-03-01,Hypersegmented neutrophils,present,,
W1,F,66,W1-1,2026-03-01,Anisocytosis,present,,
W1,F,66,W1-1,2026-03-01,Poikilocytosis,present,,
W2,M,50,W2-1,2026-03-01,Platelets,40,10*3/uL,platelet clumps seen
W2,M,50,W2-1,2026-03-01,Hemoglobin,14.1,g/dL,hemolysed
W3,M,58,W3-1,2026-03-01,Hemoglobin,9.6,g/dL,cold agglutinins suspected
W3,M,58,W3-1,2026-03-01,MCV,126,fL,
W3,M,58,W3-1,2026-03-01,MCHC,41,g/dL,
"""
"""What is said in words, which the sample data do not have."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("german")
    film = tmp_path_factory.mktemp("film") / "film.csv"
    film.write_text(FILM, encoding="utf-8")
    run_batch(
        [*(ROOT / "sample_data" / name for name in FILES), film],
        Settings(output=out, language="de", rule_groups=("critical",)),
        clock=lambda: RUN_AT,
        progress=lambda items, length, label: items,
    )
    return out


def texts_of(path: Path) -> Iterator[str]:
    if path.suffix == ".html":
        page = re.sub(r"(?s)<(style|script)>.*?</\1>", "", path.read_text(encoding="utf-8"))
        yield from map(html.unescape, re.split(r"<[^>]*>", page))
        return
    book = load_workbook(path)
    yield from (book.properties.title, *book.sheetnames)
    for sheet in book:
        yield from (sheet.oddFooter.center.text, sheet.oddFooter.right.text)
        # Rows that are handed back are in the words of those who sent them.
        last = 3 if path.parent.name == "held" and sheet["A1"].value == "labflag_hold" else None
        for row in sheet.iter_rows(max_col=last):
            if sheet.title != CODES or row[0].row < 3:
                yield from (cell.value for cell in row if isinstance(cell.value, str))
        for rule in sheet.data_validations.dataValidation:
            yield from rule.formula1.strip('"').split(",")


def quoted() -> re.Pattern[str]:
    """What sources and laboratories say stands in their own words."""
    knowledge = load_knowledge()
    said = {limit.wording for limit in knowledge.limits.values()}
    said |= {part for each in knowledge.sources.values() for part in (each.title, each.where)}
    for name in FILES:
        with (ROOT / "sample_data" / name).open(encoding="utf-8-sig", newline="") as file:
            said |= {row.get("comment", "") for row in csv.DictReader(file)}
    return re.compile("|".join(map(re.escape, sorted(filter(None, said), key=len, reverse=True))))


def english_pieces() -> set[str]:
    """What English texts say between their places, where German texts say something else."""

    def pieces(texts) -> set[str]:
        problems = texts.problems.values()
        said = [
            *texts.entries.values(),
            *texts.examples.values(),
            *(t for p in problems for t in p),
        ]
        cut = (piece for text in said for piece in re.split(r"\{[^}]*\}|\||\n", text))
        return {piece.strip(" .,:;()") for piece in cut}

    alone = pieces(ENGLISH) - pieces(GERMAN) - ALIKE
    english = load_knowledge(groups=["*"])
    german = translate(english, "de")
    for kind in ("rules", "observations", "artifacts"):
        here, there = getattr(english, kind), getattr(german, kind)
        alone |= {each.title for name, each in here.items() if each.title != there[name].title}
    return {piece for piece in alone if len(re.findall(r"[A-Za-z]", piece)) > 3}


def test_no_english_text_of_the_catalogue_stands_in_a_german_run(folder):
    books = [folder / "worklist.xlsx", folder / "index.html", *sorted(folder.glob("held/*.xlsx"))]
    books += sorted(folder.glob("patients/*.xlsx"))[::4]
    books += sorted(folder.glob("patients/W*.xlsx"))
    wanted = english_pieces()
    phrases = re.compile("|".join(re.escape(each) for each in wanted if " " in each))
    sources = quoted()
    leaks, count = set(), 0
    for path in books:
        for text in texts_of(path):
            count += 1
            text = sources.sub("", text)
            alone = {line.strip(" .,:;()") for line in text.split("\n")} & wanted
            found = phrases.search(text)
            leaks |= {(path.name, each) for each in (*alone, *([found[0]] if found else []))}
    assert count > 5000
    assert sorted(leaks)[:10] == []


def test_what_is_said_in_words_is_said_in_german(folder):
    said = {
        name: " ".join(texts_of(folder / "patients" / f"{name}.xlsx"))
        for name in ("W1", "W2", "W3")
    }
    for name, words in {
        "W1": "Makroovalozyten|Hypersegmentierte Neutrophile|Megaloblastäre Veränderungen im Ausstrich",
        "W2": "Thrombozytenaggregate|Hämolyse der Probe",
        "W3": "Agglutination der Erythrozyten",
    }.items():
        for word in words.split("|"):
            assert word in said[name], word


def test_the_kinds_of_files_are_all_there(folder):
    assert len(english_pieces()) > 300
    assert {path.suffix for path in folder.iterdir() if path.is_file()} >= {".xlsx", ".html"}
    assert list(folder.glob("held/*.xlsx"))
    book = load_workbook(folder / "worklist.xlsx")
    for name in ("worklist", "technician", "hematologist", "conflicts", "counts", "run", "held"):
        assert GERMAN(f"list.{name}") in book.sheetnames


def test_dates_and_numbers_are_written_as_in_german(folder):
    book = load_workbook(folder / "worklist.xlsx")
    formats = {
        cell.number_format
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, datetime)
    }
    assert formats == {"dd.mm.yyyy"}
    assert re.search(r"erstellt \d\d\.\d\d\.2026 06:00", book.worksheets[0]["A1"].value)
    said = [
        cell.value
        for row in book[GERMAN("list.hematologist")].iter_rows(min_row=3)
        for cell in row
        if isinstance(cell.value, str)
    ]
    assert any(re.search(r"\d,\d g/dL", text) for text in said)
    assert not any(re.search(r"\d\.\d+ (g/dL|fL)", text) for text in said)


def test_a_german_workbook_of_held_rows_is_read_back(folder, tmp_path):
    (path,) = folder.glob("held/09_*.xlsx")
    back = run_batch(
        [ROOT / "sample_data" / "09_held_rows.csv", path],
        Settings(output=tmp_path),
        clock=lambda: RUN_AT,
        progress=lambda items, length, label: items,
    )
    assert back is not None
    issues = (tmp_path / "issues.csv").read_text(encoding="utf-8")
    assert path.name not in issues or "sheet-not-used" not in issues
    assert "no-layout" not in issues


def test_what_was_typed_stays_when_the_language_changes(folder, tmp_path):
    book = load_workbook(folder / "worklist.xlsx")
    sheet = book["Arbeitsliste"]
    heads = {cell.value: cell.column for cell in sheet[3]}
    sheet.cell(8, heads["Bearbeitung"]).value = "in Arbeit"
    sheet.cell(8, heads["Notizen"]).value = "Ausstrich angefordert"
    patient = sheet.cell(8, heads["Patienten-ID"]).value
    book.save(folder / "worklist.xlsx")
    run_batch(
        [ROOT / "sample_data" / name for name in FILES],
        replace(Settings(output=folder, rule_groups=("critical",)), language="en"),
        clock=lambda: RUN_AT,
        progress=lambda items, length, label: items,
    )
    again = load_workbook(folder / "worklist.xlsx")["Worklist"]
    heads = {cell.value: cell.column for cell in again[3]}
    (line,) = [
        row for row in again.iter_rows(min_row=4) if row[heads["Patient id"] - 1].value == patient
    ]
    assert line[heads["Review status"] - 1].value == "in Arbeit"
    assert line[heads["Notes"] - 1].value == "Ausstrich angefordert"
