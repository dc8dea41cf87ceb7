import re
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime

import pandas as pd
import pytest

from pipeline.issues import issues_at
from pipeline.knowledge.load import load_knowledge
from pipeline.report import report_model
from pipeline.report.patient.shown_numbers import flag_against_interval
from pipeline.report.report_model import Citation, PatientReport
from pipeline.report.wording import (
    count_decimals,
    describe_rules,
    show_age,
    show_rows,
    show_unit,
)
from pipeline.texts import ENGLISH
from schemas import Findings
from schemas.vocabulary import Outcome
from tests.unit.report_tables import Tables, knowledge, make_tables

FORBIDDEN = re.compile(
    r"diagnos|rul(e|es|ed|ing) out|adequate|confirmed deficiency|pernicious|\bnormal|"
    r"\d\s*(mg|mcg|µg|IU)\b(?!/)|ancestry|ethnic",
    re.IGNORECASE,
)

ANEMIA_AND_B12 = """
    years | analyte     | result      | low | high | flag | row
    64    | hemoglobin  | 9.8 g/dL    | 12  | 16   | L    | 2
    64    | mcv         | 112.4 fL    | 80  | 100  | H    | 3
    64    | platelets   | 98 10*9/L   | 150 | 400  | L    | 4
    64    | vitamin-b12 | 98.4 pmol/L | 138 | 652  | L    | 5
"""


def texts_of(thing: object) -> list[str]:
    """Every text that a report says, citations apart: titles of publications are theirs."""
    if isinstance(thing, str):
        return [thing]
    if isinstance(thing, Citation):
        return []
    if isinstance(thing, tuple):
        return [text for each in thing for text in texts_of(each)]
    if is_dataclass(thing):
        return [text for field in fields(thing) for text in texts_of(getattr(thing, field.name))]
    return []


def stand(tables: Tables, **changes: object) -> PatientReport:
    """The report with a change to the findings that stand, as other rules may make them."""
    return replace(tables, current=tables.current.assign(**changes)).report()


def test_the_most_urgent_finding_comes_first_with_its_evidence():
    report = make_tables(ANEMIA_AND_B12).report()
    assert {card.title for card in report.present} > {"Low vitamin B12", "Macrocytic anemia"}
    first = report.present[0]
    assert first.title == "Low vitamin B12"
    assert first.mark == "▲ present"
    assert first.evidence == "Vitamin B12 98.4 pmol/L on 2026-03-01 (lab 138-652: L)"
    assert first.limit.startswith("Vitamin B12: below 133 pmol/L\nPublished: <180 ng/L")
    assert "below the limit" in first.comment
    by_title = {card.title: card for card in report.present}
    assert by_title["Anemia"].mark == "▲▲ moderate"
    assert by_title["Macrocytic anemia"].evidence.splitlines() == [
        "2026-03-01",
        "▼ below: Hb 9.8 g/dL (lab 12-16: L)",
        "▲ above: MCV 112.4 fL (lab 80-100: H)",
    ]
    assert by_title["Macrocytic anemia"].limit.splitlines() == [
        "Hb: below 12 g/dL",
        "MCV: above 100 fL",
    ]


@pytest.mark.parametrize(
    ("results", "titles"),
    [
        # Its depth alone makes the class, so it goes before what the class of rules names first.
        (
            "hemoglobin 62 g/L; vitamin-b12 100 ng/L",
            ["Anemia", "Low vitamin B12", "Low hemoglobin: critical value to telephone"],
        ),
        ("neutrophils 0.7 10*9/L; vitamin-b12 100 ng/L", ["Low neutrophils", "Low vitamin B12"]),
        (
            "platelets 15 10*9/L; mcv 125 fL",
            ["Low platelets", "Macrocytosis", "Low platelets: critical value to telephone"],
        ),
        ("platelets 80 10*9/L; mcv 105 fL", ["Low platelets", "Macrocytosis"]),
        # The class names the rule itself, so depth changes nothing.
        ("platelets 80 10*9/L; vitamin-b12 100 ng/L", ["Low vitamin B12", "Low platelets"]),
        ("platelets 80 10*9/L; hemoglobin 95 g/L", ["Anemia", "Low platelets"]),
        # … unless it asks for more depth than there is.
        ("platelets 80 10*9/L; hemoglobin 115 g/L", ["Low platelets", "Anemia"]),
        # What is mild, or deep but no matter of the class, stays where it was.
        ("platelets 140 10*9/L; vitamin-b12 100 ng/L", ["Low vitamin B12", "Low platelets"]),
        ("mcv 125 fL; vitamin-b12 100 ng/L", ["Low vitamin B12", "Macrocytosis"]),
    ],
)
def test_what_makes_the_class_comes_first(results, titles):
    lines = [" | ".join(("40", *each.split(" ", 1))) for each in results.split("; ")]
    tables = make_tables("\n".join(["years | analyte | result", *lines]))
    report = tables.report()
    assert [card.title for card in report.present] == titles
    rank = tables.patients["priority"].iloc[0]
    assert re.match(rf"[A-Z][a-z ]+ \(priority {rank}\): {titles[0]}", report.verdict)


def test_tests_that_were_done_are_not_suggested_again():
    report = make_tables(ANEMIA_AND_B12).report()
    with_b12 = {card.title: card.suggest for card in report.present}["Macrocytic anemia"]
    no_b12 = "\n".join(line for line in ANEMIA_AND_B12.splitlines() if "b12" not in line)
    report = make_tables(no_b12).report()
    without = {card.title: card.suggest for card in report.present}["Macrocytic anemia"]
    assert with_b12 == "Folate (serum)"
    assert without == "Vitamin B12"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (
            "years | analyte | result\n40 | hemoglobin | 98 g/L",
            "Soon (priority 3): Anemia, moderate; 5 questions could not be decided.",
        ),
        (
            "years | analyte | result\n40 | hemoglobin | 130 g/L",
            "Too little was judged to say that nothing was found; judged: Hb.",
        ),
        (
            "years | analyte | result\n40 | ferritin | 30 ug/L",
            "Nothing could be assessed.",
        ),
        (
            "years | analyte | result\n40 | platelets | <200 10*9/L",
            "No finding in what could be assessed; 5 questions could not be decided.",
        ),
        (
            "years | analyte | result\n40 | vitamin-b12 | <400 pg/mL\n40 | mcv | 90 fL",
            "Nothing found in MCV; not judged: B12; 7 questions could not be decided.",
        ),
        (
            "sex | years | analyte | result\n | 40 | hemoglobin | 125 g/L\n | 40 | mcv | 90 fL",
            "Nothing found in MCV; not judged: Hb; 5 questions could not be decided.",
        ),
        (
            "years | analyte | result\n4 | mcv | held unit-missing\n4 | ferritin | 3 ug/L",
            "Nothing could be assessed; 7 questions could not be decided; "
            "1 result is held and not used.",
        ),
    ],
)
def test_verdict(text, verdict):
    assert make_tables(text).report().verdict == verdict


def test_an_unconfirmed_finding_says_repeat_first():
    report = stand(
        make_tables("years | analyte | result\n40 | platelets | 98 10*9/L"), status="unconfirmed"
    )
    assert report.present[0].unconfirmed
    assert "unconfirmed, repeat first" in report.verdict


@pytest.mark.parametrize(
    ("text", "question", "why", "settled_by"),
    [
        (
            "years | analyte | result\n40 | hemoglobin | 98 g/L",
            "Macrocytic anemia",
            "Not reported for this specimen: mean corpuscular volume.",
            "Mean corpuscular volume, from the same specimen.",
        ),
        (
            "years | analyte | result\n40 | platelets | <200 10*9/L",
            "Low platelets",
            "Reported only as a bound, which leaves both answers open.",
            "The figure itself: ask the laboratory for platelets.",
        ),
        (
            "years | analyte | result\n | hemoglobin | 118 g/L",
            "Anemia",
            "The limit depends on age, and the age is not known well enough.",
            "The birth date.",
        ),
        (
            "sex | years | analyte | result\n | 40 | hemoglobin | 125 g/L",
            "Anemia",
            "The limit depends on sex, and the sex is not stated.",
            "The sex of the patient.",
        ),
        (
            "years | analyte | result\n8 | vitamin-b12 | 250 ng/L",
            "Low vitamin B12",
            "The profile has no published limit for this age.",
            "The laboratory's own interval for this age.",
        ),
        (
            "years | analyte | result\n40 | ferritin | 30 ug/L\n40 | platelets | held not-a-number",
            "Low platelets",
            "Reported but held, so not used: platelets.",
            "Platelets, once the row is corrected (see Held results).",
        ),
    ],
)
def test_what_could_not_be_assessed(text, question, why, settled_by):
    by_title = {each.title: each for each in make_tables(text).report().undecided}
    assert (by_title[question].why, by_title[question].settled_by) == (why, settled_by)


def test_what_was_not_tested_is_named_once_with_what_it_needs():
    report = make_tables(
        "years | specimen | at | analyte | result\n"
        "40 | S1 | 2026-03-01 | platelets | 200 10*9/L\n"
        "40 | S2 | 2026-03-02 | platelets | 210 10*9/L"
    ).report()
    named = [title for each in report.not_tested for title in each.title.split("; ")]
    assert len(named) == len(set(named))
    assert "Low platelets" not in named
    settled = {each.title: each.settled_by for each in report.not_tested}
    assert [by for title, by in settled.items() if "Anemia" in title.split("; ")] == ["Hemoglobin"]
    # Rules of the same need are named together.
    assert any("Low vitamin B12" in title and "Borderline" in title for title in settled)


def test_what_is_missing_in_words_is_not_asked_for_as_a_number():
    report = make_tables(ANEMIA_AND_B12).report()
    settled = {each.title: each.settled_by for each in report.not_tested}
    assert all(settled.values())
    (film,) = [by for title, by in settled.items() if "Megaloblastic" in title]
    assert film == "Film or context, where it is known"


def test_no_rule_is_passed_over_in_silence():
    for text in (ANEMIA_AND_B12, "analyte | result\nferritin | 30 ug/L"):
        report = make_tables(text).report()
        absent = {row.rule.title for row in report.findings if row.outcome == Outcome.ABSENT}
        said = {card.title for card in report.present} | absent
        said |= {each.title for each in report.undecided}
        said |= {title for each in report.not_tested for title in each.title.split("; ")}
        # Of a value that is not critical the rule for the same value tells.
        critical = {rule.title for rule in knowledge().critical_rules()}
        # What is asked of a film or a flag is not missed where there is none.
        silent = {rule.title for rule in knowledge().shown_rules() if rule.silent}
        assert said | critical | silent == {rule.title for rule in knowledge().shown_rules()}


def test_held_results_are_counted_by_reason_and_listed_without_a_value():
    report = make_tables(
        """
        analyte     | result                | row
        hemoglobin  | 130 g/L               | 2
        ferritin    | held unit-missing     | 3
        folate      | held unit-missing     | 4
        mcv         | held value-impossible | 5
        """
    ).report()
    assert [each.count for each in report.held] == [2, 1]
    assert report.held[0].sentence.startswith("The unit is missing")
    held = [row for row in report.results if row.is_held]
    assert [(row.source_row, row.value, row.as_written) for row in held] == [
        (5, None, ""),
        (4, None, ""),
        (3, None, ""),
    ]
    assert "Give the unit" in held[1].remark
    assert (report.files[0].used, report.files[0].held, report.files[0].rows) == (1, 3, "2-5")


def test_who_has_only_held_results_has_no_report():
    tables = make_tables(
        "patient | analyte | result\nP1 | hemoglobin | 130 g/L\nP2 | mcv | held not-a-number"
    )
    assert [report.patient_id for report in tables.reports()] == ["P1"]


def test_each_patient_gets_their_own_rows_in_worklist_order():
    lines = ["patient | name | specimen | years | analyte | result"]
    # Two patients may use the same specimen id; rows are shuffled on purpose.
    for number in (3, 1, 2, 0):
        lines.append(
            f"P{number} | N{number} | S{number % 2} | 40 | platelets | {40 + number} 10*9/L"
        )
        lines.append(f"P{number} | N{number} | S{number % 2} | 40 | mcv | {90 + number} fL")
    tables = make_tables("\n".join(lines))
    reports = list(tables.reports())
    assert [report.patient_id for report in reports] == list(tables.patients["patient_id"])
    for report in reports:
        number = int(report.patient_id[1:])
        assert report.name == f"N{number}"
        assert sorted(row.value for row in report.results) == [40 + number, 90 + number]
        assert f"Platelets {40 + number} ×10⁹/L" in report.present[0].evidence


def test_a_result_of_nobody_is_a_bug():
    tables = make_tables("analyte | result\nmcv | 90 fL")
    with pytest.raises(ValueError, match="belongs to nobody"):
        list(replace(tables, patients=tables.patients.iloc[:0]).reports())


def test_an_unknown_comment_is_a_bug():
    tables = make_tables("years | analyte | result\n40 | platelets | 98 10*9/L")
    with pytest.raises(KeyError, match="no-such-comment"):
        stand(tables, comment="no-such-comment")


def test_evidence_from_another_specimen_carries_its_own_date():
    tables = make_tables(
        """
        years | specimen | at         | analyte    | result   | row
        40    | S1       | 2026-03-01 | hemoglobin | 98 g/L   | 2
        40    | S2       | 2026-03-20 | mcv        | 112 fL   | 3
        """
    )
    of_rule = tables.current["rule"].eq("macrocytic-anemia")
    one = tables.current[of_rule].iloc[[-1]].assign(outcome="present", reason="")
    compared = tables.evidence[tables.evidence["rule"].eq("macrocytic-anemia")]
    cited = compared[compared["accession"].eq(compared["from_accession"])]
    assert list(cited["analyte"]) == ["hemoglobin", "mcv"]
    together = cited.assign(
        accession=one["accession"].iloc[0], position=range(2), limit=[120, 100], limit_unit=["g/L", "fL"],
        side=["below", "above"],
    )  # fmt: skip
    tables = replace(tables, evidence=together.astype({"limit": "Float64"}))
    report = replace(tables, current=one.reset_index(drop=True)).report()
    assert report.present[0].evidence.splitlines() == [
        "▼ below: Hb 98 g/L on 2026-03-01",
        "▲ above: MCV 112 fL on 2026-03-20",
    ]


def test_a_file_name_with_the_joining_sign_harms_nothing():
    text = "years | file | analyte | result\n40 | a; b.csv | platelets | 98 10*9/L\n"
    report = make_tables(
        text + "40 | a; b.csv | hemoglobin | 98 g/L\n"
        "40 | a; b.csv | white-cells | 8 10*9/L\n40 | a; b.csv | neutrophils | 4 10*9/L"
    ).report()
    marked = {row.analyte: row.findings for row in report.results}
    assert "Low platelets (moderate)" in marked["Platelets"]
    assert "Bicytopenia" in {card.title for card in report.present}


def test_results_say_what_was_found_on_them():
    report = make_tables(ANEMIA_AND_B12).report()
    found = {row.analyte: row.findings for row in report.results}
    assert found["Vitamin B12"].split("; ")[0] == "Low vitamin B12"
    assert "Anemia (moderate)" in found["Hemoglobin"]
    assert "Macrocytic anemia" in found["Hemoglobin"]
    assert "Anemia" not in found["Platelets"]


def test_a_calculated_result_says_so_and_counts_as_no_row():
    report = make_tables(
        """
        years | analyte             | result     | row
        40    | white-cells         | 3.0 10*9/L | 2
        40    | neutrophils-percent | 20 %       | 3
        """
    ).report()
    (calculated,) = [row for row in report.results if row.analyte == "Neutrophils"]
    assert calculated.value == pytest.approx(0.6)
    assert "calculated" in calculated.remark
    assert calculated.as_written == ""
    assert report.files[0].used == 2


@pytest.mark.parametrize(
    ("code", "remark"),
    [
        ("reference-unreadable", "The laboratory's reference interval cannot be read"),
        ("index-mismatch", "Results of one specimen do not follow from each other"),
        ("flag-contradicts", "The laboratory's flag says high where the number lies below"),
    ],
)
def test_notes_on_a_result_are_shown(code, remark):
    tables = make_tables("years | analyte | result\n40 | mcv | 90 fL")
    notes = issues_at(tables.results, code)
    report = replace(tables, issues=notes).report()
    assert report.results[0].remark.startswith(remark)


@pytest.mark.parametrize(
    ("analyte", "result", "text", "low", "high", "shown"),
    [
        ("hemoglobin", "7 g/dL", "7.0", "12", "15.5", "7.0 g/dL on 2026-03-01 (lab 12.0-15.5: L)"),
        ("hemoglobin", "7 g/dL", "7", "12", "16", "7 g/dL on 2026-03-01 (lab 12-16: L)"),
        ("hemoglobin", "7 g/dL", "7,00", "", "", "7.00 g/dL on 2026-03-01"),
        ("hemoglobin", "<7 g/dL", "<7.0", "", "", "<7.0 g/dL on 2026-03-01"),
        ("hemoglobin", "70 g/L", "70", "120", "", "70 g/L on 2026-03-01 (lab from 120: L)"),
        ("platelets", "90000 /uL", "90,000", "", "", "90000 /µL on 2026-03-01"),
        ("platelets", "90000 /uL", "90.000", "", "", "90000 /µL on 2026-03-01"),
    ],
)
def test_a_result_stands_with_the_decimals_that_the_laboratory_wrote(
    analyte, result, text, low, high, shown
):
    report = make_tables(
        f"""
        years | analyte   | result   | text   | low   | high
        60    | {analyte} | {result} | {text} | {low} | {high}
        """
    ).report()
    (card,) = [card for card in report.present if card.title in ("Anemia", "Low platelets")]
    assert card.evidence.endswith(f" {shown}")


@pytest.mark.parametrize(
    ("sign", "value", "low", "high", "flag"),
    [
        ("", 5.0, 4.0, 11.0, "within"),
        ("", 4.0, 4.0, 11.0, "within"),
        ("", 11.0, 4.0, 11.0, "within"),
        ("", 3.99, 4.0, 11.0, "L"),
        ("", 11.01, 4.0, 11.0, "H"),
        ("", 3.0, None, None, ""),
        ("", 3.0, 4.0, None, "L"),
        ("", 9.0, 4.0, None, "within"),
        ("", 9.0, None, 8.0, "H"),
        ("", 1.0, None, 8.0, "within"),
        ("", 5.0, 11.0, 4.0, ""),
        ("<", 4.0, 4.0, 11.0, "L"),
        ("<=", 4.0, 4.0, 11.0, "cannot tell"),
        ("<", 5.0, 4.0, 11.0, "cannot tell"),
        ("<", 5.0, 0.0, 11.0, "within"),
        ("<", 5.0, None, 11.0, "within"),
        ("<", 12.0, None, 11.0, "cannot tell"),
        (">", 11.0, 4.0, 11.0, "H"),
        (">=", 11.0, 4.0, 11.0, "cannot tell"),
        (">", 5.0, 4.0, 11.0, "cannot tell"),
        (">", 5.0, 4.0, None, "within"),
        (">", 3.0, 4.0, None, "cannot tell"),
        (">=", 12.0, 4.0, 11.0, "H"),
        ("<", 200.0, None, None, ""),
    ],
)
def test_flag_against_the_laboratory_interval(sign, value, low, high, flag):
    table = pd.DataFrame(
        {
            "comparator": pd.Series([sign], dtype="str"),
            "original_value": pd.array([value], dtype="Float64"),
            "reference_low": pd.array([low], dtype="Float64"),
            "reference_high": pd.array([high], dtype="Float64"),
        }
    )
    assert flag_against_interval(table).tolist() == [flag]


@pytest.mark.parametrize(
    ("number", "decimals"),
    [(3.0, 0), (3.5, 1), (3.95, 2), (0.1 + 0.2, 1), (1e-7, 7), (98.40, 1), (0.0, 0), (150.0, 0)],
)
def test_count_decimals(number, decimals):
    assert count_decimals(number) == decimals


def test_rounding_never_moves_a_number_onto_a_limit():
    report = make_tables(
        """
        years | analyte     | result       | row
        40    | white-cells | 3.96 10*9/L  | 2
        40    | vitamin-b12 | 132.7 pmol/L | 3
        """
    ).report()
    by_title = {row.analyte: row for row in report.results}
    assert by_title["White cells"].decimals == 2
    b12 = by_title["Vitamin B12"]
    assert f"{b12.converted:.{b12.converted_decimals}f}" == "179.9"


@pytest.mark.parametrize(
    ("days", "months", "age"),
    [
        ((None, None), (None, None), "not stated"),
        ((0, 0), (0, 0), "0 days"),
        ((1, 1), (0, 0), "1 day"),
        ((12, 12), (0, 0), "12 days"),
        ((40, 40), (1, 1), "1 month"),
        ((700, 700), (23, 23), "23 months"),
        ((731, 731), (24, 24), "2 years"),
        ((365, 730), (12, 23), "12 to 23 months"),
        ((16071, 16436), (528, 539), "44 years"),
        ((16071, 16800), (528, 551), "44 to 45 years"),
        ((32872, None), (1080, None), "90 years or more"),
    ],
)
def test_show_age(days, months, age):
    assert show_age(*days, *months) == age


def test_age_is_that_of_the_latest_collection():
    report = make_tables(
        """
        years | specimen | at         | analyte | result
        41    | S2       | 2026-03-01 | mcv     | 90 fL
        40    | S1       | 2025-03-01 | mcv     | 90 fL
        """
    ).report()
    assert (report.age, report.latest) == ("41 years", "2026-03-01")


def test_what_is_not_known_is_said_to_be_not_stated():
    report = make_tables("sex | at | analyte | result\n | | mcv | 90 fL").report()
    assert (report.sex, report.age, report.latest) == ("not stated",) * 3
    assert report.birth_date is None
    report = make_tables("birth | analyte | result\n1950-02-03 | mcv | 90 fL").report()
    assert report.birth_date == date(1950, 2, 3)


@pytest.mark.parametrize(
    ("sex", "population", "years", "pregnancy", "adults"),
    [
        ("F", "", "40", True, False),
        ("", "", "40", True, False),
        ("M", "", "40", False, False),
        ("M", "adult", "", False, True),
        ("M", "adult", "40", False, False),
    ],
)
def test_assumptions_are_stated(sex, population, years, pregnancy, adults):
    head = "sex | population | years | analyte | result\n"
    report = make_tables(f"{head}{sex} | {population} | {years} | mcv | 90 fL").report()
    basis = " ".join(report.basis)
    assert ("Where pregnancy is not stated" in basis) is pregnancy
    assert ("limits of adults apply" in basis) is adults
    assert "For decision support only" in basis
    assert report.run.knowledge_version in basis
    assert knowledge().profile.title in basis


@pytest.mark.parametrize(
    ("ucum", "shown"),
    [
        ("10*9/L", "×10⁹/L"),
        ("10*12/L", "×10¹²/L"),
        ("10*3/uL", "×10³/µL"),
        ("ug/L", "µg/L"),
        ("umol/L", "µmol/L"),
        ("g/dL", "g/dL"),
        ("ng/L; 10*9/L", "ng/L; ×10⁹/L"),
        ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
        ("%", "%"),
        ("fL", "fL"),
        ("u", "u"),
    ],
)
def test_show_unit(ucum, shown):
    assert show_unit(ucum) == shown


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([], ""),
        ([2], "2"),
        ([3, 2, 2], "2-3"),
        ([2, 5, 6, 7, 9], "2, 5-7, 9"),
    ],
)
def test_show_rows(rows, shown):
    assert show_rows(rows) == shown


def test_a_long_list_of_rows_is_cut_and_says_so():
    assert show_rows(range(1, 20, 2), limit=3) == "1, 3, 5 … and 7 more"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (ENGLISH.in_sentence("Anemia"), "anemia"),
        (ENGLISH.in_sentence("MCV"), "MCV"),
        (ENGLISH.in_sentence(""), ""),
        (ENGLISH.join([]), ""),
        (ENGLISH.join(["a"]), "a"),
        (ENGLISH.join(["a", "b", "c"]), "a, b and c"),
        (ENGLISH.count("result", 1), "1 result"),
        (ENGLISH.count("result", 1200), "1,200 results"),
    ],
)
def test_small_words(said, expected):
    assert said == expected


def test_a_convention_is_never_a_citation():
    conventions = [
        rule.id
        for rule in describe_rules(knowledge()).values()
        for source in rule.citations
        if source.title.startswith("Laboratory convention") and (source.link or source.year)
    ]
    assert conventions == []


def test_no_forbidden_word_is_said():
    texts = [
        ANEMIA_AND_B12,
        "analyte | result\nplatelets | <200 10*9/L\nvitamin-b12 | <200 ng/L",
        "years | analyte | result\n8 | vitamin-b12 | 250 ng/L\n8 | mcv | held not-a-number",
        "sex | analyte | result\n | hemoglobin | 125 g/L",
    ]
    said = [text for each in texts for text in texts_of(make_tables(each).report())]
    assert len(said) > 200
    # Ids of rules are names, not sentences.
    ids = load_knowledge().rules.keys()
    said = [text for text in said if text not in ids]
    assert [text for text in said if FORBIDDEN.search(text)] == []


def test_reports_are_frozen_and_of_plain_values():
    report = make_tables(ANEMIA_AND_B12).report()
    kinds = {
        type(value) for row in report.results for value in map(row.__getattribute__, row.__slots__)
    }
    assert kinds <= {str, int, float, bool, datetime, tuple, type(None)}
    assert all(not hasattr(each, "__dict__") for each in (report, *report.results))
    assert report_model.PatientReport is PatientReport


def test_tables_with_no_rows_give_no_report():
    tables = make_tables("analyte | result\nmcv | 90 fL")
    names = [field.name for field in fields(Tables) if field.name != "moves"]
    empty = Tables(**{name: getattr(tables, name).iloc[:0] for name in names}, moves={})
    assert list(empty.reports()) == []
    assert Findings.validate(empty.findings).empty
