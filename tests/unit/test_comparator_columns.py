"""Comparators that stand beside the number: joined with it, or the result is held."""

from datetime import date

import openpyxl
import pytest

from pipeline.ingest.file import read_results
from pipeline.ingest.text_tables import SiteConventions
from pipeline.knowledge.load import load_knowledge, load_layout

KNOWLEDGE = load_knowledge()
LONG = "patient_id,sample_id,analyte,value,unit"


def read(path, layout=None):
    return read_results(path, path.name, KNOWLEDGE, SiteConventions(), layout, date(2026, 11, 1))


def write(tmp_path, text, kind=".csv"):
    path = tmp_path / f"march{kind}"
    if kind == ".csv":
        path.write_text(text, encoding="utf-8")
        return path
    book = openpyxl.Workbook()
    for line in text.splitlines():
        # A lone "=" would be an empty formula.
        book.active.append([cell or None for cell in line.split(",")])
    book.save(path)
    return path


def signs(file):
    """Say of each specimen which comparator its results have, or why they are held."""
    said = {
        (row.accession, row.analyte): row.comparator or "=" for row in file.results.itertuples()
    }
    said |= {(row.accession, row.analyte): row.code for row in file.held.itertuples()}
    return [said[key] for key in sorted(said)]


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
@pytest.mark.parametrize(
    ("header", "word", "sign"),
    [
        ("Modifier", "<", "<"),
        ("RESULT_MODIFIER", "LT", "<"),
        ("result_modifier", "GE", ">="),
        ("Operator", ">", ">"),
        ("Sign", "≤", "<="),
        ("Qualifier", "less than", "<"),
        ("Vorzeichen", "kleiner als", "<"),
        ("Signe", "supérieur à", ">"),
        ("Signo", "menor que", "<"),
        ("Segno", "minore di", "<"),
        ("Spalte 7", "größer als", ">"),
        ("zz", "＜", "<"),
    ],
)
def test_any_header_over_comparators_is_joined(tmp_path, kind, header, word, sign):
    rows = f"P1,S1,Vitamin B12,200,pg/mL,{word}\nP2,S2,Hemoglobin,12,g/dL,\n"
    assert signs(read(write(tmp_path, f"{LONG},{header}\n{rows}", kind))) == [sign, "="]


@pytest.mark.parametrize(
    ("value", "beside", "said"),
    [
        ("200", "<", "<"),
        ("200", "=", "="),
        ("200", "EQ", "="),
        ("200", "", "="),
        ("<200", "<", "<"),
        ("<200", "", "<"),
        ("<200", "=", "<"),
        ("<200", ">", "comparator-contradiction"),
        ("<200", "<=", "comparator-contradiction"),
        ("200", "about", "comparator-unclear"),
        ("clotted", "<", "specimen-unreliable"),
    ],
)
def test_number_and_column_must_not_contradict_each_other(tmp_path, value, beside, said):
    rows = f"P1,S1,Vitamin B12,{value},pg/mL,{beside}\nP2,S2,Ferritin,2000,ng/mL,>\n"
    assert signs(read(write(tmp_path, f"{LONG},Comparator\n{rows}"))) == [said, ">"]


@pytest.mark.parametrize(
    ("columns", "one", "two", "said"),
    [
        ("B12 (pg/mL),mod,PLT (10*9/L),mod", "200,<,160,", "300,,160,>", "= < > ="),
        ("mod,B12 (pg/mL),mod,PLT (10*9/L)", "<,200,,160", ",300,>,160", "= < > ="),
        ("B12 (pg/mL),B12_sign,PLT (10*9/L)", "200,<,160", "300,,160", "= < = ="),
        ("PLT (10*9/L),B12 (pg/mL),modifier of B12", "160,200,<", "160,300,", "= < = ="),
        ("PLT (10*9/L),B12 (pg/mL),x", "160,200,<", "160,300,", "held held = ="),
        ("B12 (pg/mL),x,PLT (10*9/L)", "200,<,160", "300,,160", "held held = ="),
        ("x,PLT (10*9/L),B12 (pg/mL)", "=,160,200", "LT,160,300", "= = held held"),
    ],
)
def test_in_a_wide_table_a_comparator_needs_its_result(tmp_path, columns, one, two, said):
    text = f"patient_id,sample_id,{columns}\nP1,S1,{one}\nP2,S2,{two}\n"
    found = [x.replace("column-of-comparators", "held") for x in signs(read(write(tmp_path, text)))]
    assert found == said.split()


def test_the_only_result_of_a_wide_table_owns_the_comparator(tmp_path):
    text = "patient_id,what,sample_id,B12 (pg/mL)\nP1,LT,S1,200\nP2,EQ,S2,300\n"
    assert signs(read(write(tmp_path, text))) == ["<", "="]


def test_messages_in_mixed_letters_are_no_codes(tmp_path):
    rows = "P1,S1,Vitamin B12,200,pg/mL,lE\nP2,S2,Ferritin,9,ng/mL,\n"
    assert signs(read(write(tmp_path, f"{LONG},Message\n{rows}"))) == ["=", "="]


def test_a_lone_sign_in_a_column_of_other_words_holds_its_row(tmp_path):
    rows = "P1,S1,Vitamin B12,200,pg/mL,Smith\nP2,S2,Ferritin,9,ng/mL,<\nP3,S3,MCV,90,fL,Jones\n"
    file = read(write(tmp_path, f"{LONG},Operator\n{rows}"))
    assert signs(file) == ["=", "column-of-comparators", "="]
    assert set(file.issues.loc[file.issues["code"].eq("column-of-comparators"), "column"]) == {
        "Operator"
    }


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ('"x" = ""', ["="]),
        ('"x" = "comparator"', ["<"]),
    ],
)
def test_a_layout_says_what_the_column_is(tmp_path, columns, said):
    layout = tmp_path / "own.toml"
    layout.write_text(
        f'title = "own"\nrequires = ["patient_id", "x"]\n[columns]\n{columns}\n', encoding="utf-8"
    )
    path = write(tmp_path, f"{LONG},x\nP1,S1,Vitamin B12,200,pg/mL,<\n")
    assert signs(read(path, load_layout(layout))) == said


def flagged(*rows):
    header = "patient_id,sample_id,analyte,value,unit,low,high,flag".replace("low", "Reference low")
    return header.replace("high", "Reference high") + "\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("flag", "said", "left"),
    [
        ("<", "<", ""),
        (">=", ">=", ""),
        ("≤", "<=", ""),
        ("<L", "<", "L"),
        ("L <", "<", "L"),
        ("L", "=", "L"),
        ("", "=", ""),
    ],
)
def test_a_sign_among_the_flags_belongs_to_the_number(tmp_path, flag, said, left):
    text = flagged(f"P1,S1,Vitamin B12,200,pg/mL,,,{flag}", "P2,S2,Hemoglobin,9,g/dL,12,16,L")
    file = read(write(tmp_path, text))
    assert signs(file)[0] == said
    assert file.results["flag"].tolist() == [left, "L"]


LOW = ["P1,S1,Hemoglobin,9,g/dL,12,16,<", "P2,S2,PLT,90,10*9/L,150,400,<"]
MORE = ["P3,S3,MCV,109,fL,80,100,>", "P4,S4,MCV,90,fL,80,100,"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*LOW, *MORE], ["=", "=", "=", "="]),
        (LOW, ["<", "<"]),
        ([*LOW, *MORE, "P5,S5,Vitamin B12,200,pg/mL,180,900,<"], ["<", "<", ">", "=", "<"]),
        ([*LOW, *MORE, "P5,S5,Hemoglobin,9,g/dL,12,16,"], ["<", "<", ">", "=", "="]),
    ],
)
def test_signs_that_agree_with_every_interval_are_flags(tmp_path, rows, said):
    assert signs(read(write(tmp_path, flagged(*rows)))) == said
