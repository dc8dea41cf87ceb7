"""Invented people and their blood: specimens that agree with themselves, from seeded chance.

Red cells, hemoglobin and MCV are drawn; hematocrit, MCH and MCHC follow from them, as on an
analyzer. Values are in conventional units; each file has its own.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random

PLANTS = re.findall(
    r"\w+",
    """
    Alder Aster Azalea Balm Basil Begonia Betony Birch Borage Briony Broom Campion Caraway
    Cedar Celandine Chervil Cicely Clover Comfrey Cowslip Crocus Daisy Dill Fennel Fern Flax
    Foxglove Gentian Hawthorn Hazel Heather Holly Hyssop Iris Ivy Juniper Larch Laurel
    Lavender Lilac Linden Lovage Lupin Mallow Maple Marigold Mint Myrtle Nettle Oleander
    Orchid Pansy Peony Poppy Primrose Rowan Rue Saffron Sage Savory Sedge Sorrel Spruce Tansy
    Teasel Thistle Thyme Valerian Veronica Vetch Viola Willow Yarrow Yew
    """,
)

# What a specimen is drawn from. Hemoglobin g/dL, MCV fL, MCHC g/dL, RDW %, platelets, white cells
# and neutrophils 10*3/uL, vitamin B12 pg/mL, folate and ferritin ng/mL; empty: not measured.
PROFILES_TABLE = """
name              | hb        | mcv       | mchc      | rdw       | plt     | wbc       | anc       | b12     | folate   | ferritin
healthy           |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 4.8-8.6   | 2.4-4.4   | 390-720 | 6.0-14.0 | 45-150
count             |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 4.8-8.6   | 2.4-4.4   |         |          |
b12-deficient     | 8.3-10.6  | 106-117   | 32.4-34.2 | 16.0-19.5 | 165-230 | 4.3-5.8   | 2.1-3.2   | 75-160  | 7.0-14.0 | 60-180
b12-marrow        | 5.7-7.4   | 121-128   | 32.4-34.2 | 18.5-22.0 | 38-49   | 1.5-1.9   | 0.55-0.9  | 52-85   | 7.0-14.0 | 120-260
b12-low           |           | 88-96     | 32.8-34.6 | 12.6-14.4 | 180-310 | 4.6-7.8   | 2.3-4.0   | 105-172 | 6.0-14.0 | 45-150
b12-borderline    |           | 88-97     | 32.8-34.6 | 12.4-14.2 | 180-310 | 4.6-7.8   | 2.3-4.0   | 190-340 | 6.0-14.0 | 45-150
folate-deficient  | 9.2-10.8  | 103-109   | 32.4-34.2 | 15.5-18.0 | 165-220 | 4.4-5.8   | 2.1-3.2   | 380-520 | 1.4-2.6  | 60-180
iron-deficient    | 8.2-10.7  | 66-77     | 29.6-31.4 | 16.0-19.5 | 330-440 | 5.0-8.2   | 2.6-4.6   | 390-640 | 6.0-14.0 | 4-11
anemia-mild       | 11.1-11.8 | 84-93     | 32.4-34.2 | 12.8-14.6 | 200-340 | 4.8-8.2   | 2.4-4.4   |         |          | 60-240
anemia-moderate   | 8.2-10.6  | 84-93     | 32.4-34.2 | 13.4-15.4 | 200-340 | 4.8-8.2   | 2.4-4.4   |         |          | 60-240
anemia-severe     | 5.6-7.8   | 84-93     | 32.2-34.0 | 14.0-16.5 | 200-340 | 4.8-8.2   | 2.4-4.4   |         |          | 60-240
macro-mild        |           | 101-108   | 33.0-34.4 | 13.4-15.0 | 180-300 | 4.6-7.8   | 2.3-4.0   | 390-720 | 4.0-9.0  | 80-320
macro-moderate    |           | 112-119   | 33.0-34.4 | 14.0-16.5 | 180-300 | 4.6-7.8   | 2.3-4.0   | 390-720 | 4.0-9.0  | 80-320
macro-severe      |           | 121-127   | 33.0-34.4 | 15.0-18.0 | 180-300 | 4.6-7.8   | 2.3-4.0   | 390-720 | 4.0-9.0  | 80-320
platelets-mild    |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 105-145 | 4.8-8.6   | 2.4-4.4   |         |          |
platelets-moderate|           | 84-95     | 32.8-34.6 | 12.1-13.8 | 55-95   | 4.8-8.6   | 2.4-4.4   |         |          |
platelets-severe  |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 12-45   | 4.8-8.6   | 2.4-4.4   |         |          |
white-mild        |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 3.1-3.8   | 1.7-2.2   |         |          |
white-moderate    |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 2.2-2.9   | 1.55-1.7  |         |          |
white-severe      |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 1.2-1.9   | 0.6-0.9   |         |          |
neutro-mild       |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 4.2-5.2   | 1.05-1.4  |         |          |
neutro-moderate   |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 4.2-4.8   | 0.55-0.9  |         |          |
neutro-severe     |           | 84-95     | 32.8-34.6 | 12.1-13.8 | 190-340 | 4.1-4.5   | 0.15-0.4  |         |          |
two-lines         | 8.6-10.4  | 90-98     | 32.6-34.2 | 14.5-17.0 | 55-95   | 4.6-6.2   | 2.2-3.4   |         |          |
marrow-failure    | 6.4-7.8   | 92-99     | 32.6-34.2 | 15.5-18.5 | 14-42   | 1.1-1.8   | 0.15-0.45 |         |          |
newborn           | 16.0-19.5 | 100-112   | 32.0-34.0 | 15.0-17.0 | 190-380 | 10.5-19.0 | 4.5-9.0   |         |          |
infant-early      | 10.2-12.2 | 82-96     | 32.5-34.5 | 13.0-15.0 | 260-480 | 6.5-13.0  | 1.8-4.0   |         |          |
infant            | 11.3-12.6 | 74-83     | 32.5-34.5 | 12.8-14.4 | 240-460 | 6.8-13.0  | 1.9-4.5   |         |          |
preschool         | 11.6-13.0 | 77-85     | 33.0-34.8 | 12.4-13.8 | 220-420 | 5.8-11.5  | 2.0-5.0   |         |          |
school            | 12.0-14.0 | 79-90     | 33.0-34.8 | 12.2-13.6 | 210-380 | 5.2-9.5   | 2.2-4.8   |         |          |
teen              | 12.5-14.4 | 82-92     | 33.0-34.8 | 12.2-13.6 | 200-360 | 4.9-8.8   | 2.3-4.5   |         |          |
"""  # noqa: E501 - one row a profile

# Where a profile leaves hemoglobin open it is that of a healthy adult of the same sex.
HEALTHY_HEMOGLOBIN = {"F": "12.6-14.8", "M": "13.9-16.2"}

DIGITS = {
    "hemoglobin": 1,
    "mcv": 1,
    "rdw": 1,
    "platelets": 0,
    "white-cells": 1,
    "vitamin-b12": 0,
    "folate": 1,
    "ferritin": 0,
}
SHORT = {"hb": "hemoglobin", "plt": "platelets", "wbc": "white-cells", "b12": "vitamin-b12"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who does not exist."""

    id: str
    name: str
    sex: str
    born: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """What was measured on one accession."""

    person: Person
    age: str
    """As in the cast: 34y, 8mo, 12d."""
    accession: str
    collected_at: datetime
    values: Mapping[str, float]
    """Analyte id → value in conventional units."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Analyte id → text that the file shows in place of the value, such as <150."""


def cast(
    stem: str, family: str, lines: str, *, prefix: str, year: int = 2026, start: int = 0
) -> list[Specimen]:
    """Draw one specimen for each line `sex age profile [analyte=value or analyte:text …]`.

    Args:
        stem: Name of the file; seeds the chance, so that files do not depend on each other.
        family: Second name of all people of the file.
        lines: The cast, one person a line.
        prefix: Begins the patient ids; accessions begin with its lower case.
        year: Year of collection.
        start: Number before that of the first patient.
    """
    chance = Random(stem)
    first = int(chance.random() * len(PLANTS))
    specimens = []
    for number, line in enumerate(filter(None, map(str.strip, lines.splitlines())), start + 1):
        sex, age, profile, *overrides = line.split()
        collected_at = _moment(chance, year)
        person = Person(
            id=f"{prefix}{number:04}",
            name=f"{PLANTS[(first + number * 5) % len(PLANTS)]} {family}",
            sex=sex,
            born=_birth_date(chance, collected_at.date(), age),
        )
        specimens.append(
            _draw(
                chance,
                person,
                age,
                f"{prefix}{year % 100}-{number:05}",
                collected_at,
                profile,
                overrides,
            )
        )
    return specimens


def draw_again(
    stem: str, earlier: Specimen, after_days: int, profile: str, *overrides: str
) -> Specimen:
    """Draw a later specimen of the same person."""
    chance = Random(f"{stem} {earlier.accession} {after_days}")
    return _draw(
        chance,
        earlier.person,
        earlier.age,
        f"{earlier.accession}-{after_days}",
        earlier.collected_at + timedelta(days=after_days),
        profile,
        list(overrides),
    )


def rename(specimen: Specimen, patient_id: str) -> Specimen:
    """Give the person another id."""
    return replace(specimen, person=replace(specimen.person, id=patient_id))


def profiles() -> Iterator[tuple[str, dict[str, str]]]:
    """Read the table of profiles: name → column → range as text."""
    head, *rows = [line.split("|") for line in PROFILES_TABLE.strip().splitlines()]
    for row in rows:
        name, *cells = (cell.strip() for cell in row)
        yield name, dict(zip((title.strip() for title in head[1:]), cells, strict=True))


PROFILES = dict(profiles())


def _draw(
    chance: Random,
    person: Person,
    age: str,
    accession: str,
    collected_at: datetime,
    profile: str,
    overrides: list[str],
) -> Specimen:
    ranges = dict(PROFILES[profile])
    ranges["hb"] = ranges["hb"] or HEALTHY_HEMOGLOBIN[person.sex]
    values, said = {}, {}
    # Every column takes its turn of chance, so that an override moves no other number.
    shares = {column: chance.random() for column in ranges}
    mchc = _within(ranges.pop("mchc"), shares["mchc"], 1)
    # Where there are many white cells there are many neutrophils.
    neutrophils = _within(ranges.pop("anc"), shares["wbc"], 2)
    for column, span in ranges.items():
        if span:
            analyte = SHORT.get(column, column)
            values[analyte] = _within(span, shares[column], DIGITS[analyte])
    for override in overrides:
        analyte, sign, text = override.partition(":" if ":" in override else "=")
        if sign == ":":
            said[analyte] = text
        elif analyte == "anc":
            neutrophils = float(text)
        else:
            values[analyte] = float(text)
    values |= _red_cells(values["hemoglobin"], values["mcv"], mchc)
    values |= _differential(chance, values["white-cells"], neutrophils)
    return Specimen(
        person=person,
        age=age,
        accession=accession,
        collected_at=collected_at,
        values=values,
        said=said,
    )


def _red_cells(hemoglobin: float, mcv: float, mchc: float) -> dict[str, float]:
    red_cells = round(hemoglobin / mchc * 1000 / mcv, 2)
    hematocrit = round(red_cells * mcv / 10, 1)
    return {
        "red-cells": red_cells,
        "hematocrit": hematocrit,
        "mch": round(hemoglobin / red_cells * 10, 1),
        "mchc": round(hemoglobin / hematocrit * 100, 1),
    }


def _differential(chance: Random, white_cells: float, neutrophils: float) -> dict[str, float]:
    percent = round(neutrophils / white_cells * 100, 1)
    left = 100 - percent
    monocytes = round(left * (0.12 + 0.06 * chance.random()), 1)
    eosinophils = round(left * (0.03 + 0.05 * chance.random()), 1)
    basophils = round(left * (0.01 + 0.01 * chance.random()), 1)
    return {
        "neutrophils-percent": percent,
        "neutrophils": round(white_cells * percent / 100, 2),
        "monocytes-percent": monocytes,
        "eosinophils-percent": eosinophils,
        "basophils-percent": basophils,
        "lymphocytes-percent": round(left - monocytes - eosinophils - basophils, 1),
    }


def _within(span: str, share: float, digits: int) -> float:
    low, high = map(float, span.split("-"))
    return round(low + (high - low) * share, digits)


def _moment(chance: Random, year: int) -> datetime:
    days = int(chance.random() * 290)
    minutes = int(chance.random() * 36) * 15
    return datetime(year, 1, 2, 6, 30) + timedelta(days=days, minutes=minutes)


def _birth_date(chance: Random, collected_on: date, age: str) -> date:
    count = int("".join(filter(str.isdigit, age)))
    if age.endswith("d"):
        return collected_on - timedelta(days=count)
    # Up to 11 months and 27 days more leave the number of completed years or months as it is.
    months = count if age.endswith("mo") else count * 12 + int(chance.random() * 12)
    day = collected_on - timedelta(days=int(chance.random() * 28))
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
