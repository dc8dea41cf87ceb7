"""Many invented patients with odd names and uneven histories, as files for runs of several kinds.

Everything is drawn from seeded chance, so that a workbook that fails can be made again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random

from pipeline.commands.run import run_batch
from pipeline.config import Laboratory, Settings
from sample_data.synthesis import casts, forms
from sample_data.synthesis.people import Specimen, cast, draw_again
from sample_data.synthesis.rows import LONG, Row, long_rows, write_text

RUN_AT = datetime(2026, 11, 1, 6, 0)
LINES = casts.LONG_CONVENTIONAL + casts.WIDE_CONVENTIONAL + casts.CHILDREN
PROFILES = ("healthy", "b12-deficient", "b12-borderline", "macro-moderate", "marrow-failure")

ODD_NAMES = (
    'O"Brien, "Bo"',
    "D'Arcy; Zoë",
    "=1+1",
    "=CMD()",
    "+1 Example",
    "-1 Example",
    "@SUM Example",
    "#N/A Example",
    "<b>Example</b> &amp; Sons",
    "_x0041_ Example",
    "שרה לוי",
    "مريم العمري",
    "Ada \U0001f9ea\U0001f469‍\U0001f52c Example",
    "A\u0301ine N\u0303un\u0303ez",
    "李小龙",
    "Ꭰ𝒜𝓓𝔞 Example",
    "tab\tin it Example",
    "two\nlines Example",
    "Example " + "Wolfeschlegelsteinhausen" * 40,
    "TRUE",
    "2026-03-01",
    "0012",
    "''quoted",
    "turned \u202e around \u2066 Example",
)
ODD_COMMENTS = (
    '=HYPERLINK("https://example.invalid","x")',
    "platelet clumps seen",
    "hemolysed",
    "lipemic",
    "first line\nsecond line",
    "נבדק שוב \U0001f9ea",
    "x" * 33_000,
    "long and legal " * 2_000,
    "+1 repeat; 'quoted' \"twice\"",
    "_x000D_ and _x0041_",
)
OVERRIDES = (
    (),
    (),
    ("mchc:39.4", "mcv:128.0"),
    ("platelets:<10",),
    ("vitamin-b12:>2000",),
    ("vitamin-b12:<150",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of run: what a site may choose that shows in a workbook."""

    letter: str
    settings: Settings


KINDS = tuple(
    Kind(letter=letter, settings=settings)
    for letter, settings in {
        "E": Settings(laboratory=Laboratory(name="Example Laboratory", contact="ext. 1")),
        "D": Settings(language="de", units_display="si"),
        "C": Settings(units_display="conventional", rule_groups=("critical",)),
        "G": Settings(language="de", laboratory=Laboratory(name="Labor Beispiel & Söhne")),
    }.items()
)


def make_workbooks(folder: Path, count: int) -> list[Path]:
    """Make so many workbooks of patients, of every kind, and give their paths."""
    paths: list[Path] = []
    for place, kind in enumerate(KINDS):
        share = count // len(KINDS) + (place < count % len(KINDS))
        if not share:
            continue
        rows = [row for each in make_patients(kind.letter, share) for row in each]
        write_text(folder / f"{kind.letter}.csv", LONG, rows)
        output = folder / kind.letter
        run_batch(
            [folder / f"{kind.letter}.csv"],
            replace(kind.settings, output=output),
            clock=lambda: RUN_AT,
            progress=lambda items, length, label: items,
        )
        made = sorted((output / "patients").glob("*.xlsx"))
        assert len(made) == share, f"{kind.letter}: {len(made)} workbooks of {share} patients"
        paths += made
    return paths


def make_patients(letter: str, count: int) -> Iterator[list[Row]]:
    """Give the rows of each patient; the first ones are the odd ones."""
    people: list[Specimen] = []
    while len(people) < count:
        start = len(people)
        people += cast(f"many {letter} {start}", "Many", LINES, prefix=letter, start=start)
    for number, first in enumerate(people[:count]):
        yield list(_rows(first, number, Random(f"{letter} {number}")))


def _rows(first: Specimen, number: int, chance: Random) -> Iterator[Row]:
    """Rows of one patient: a single result, some specimens, or thousands of results."""
    if number % 8 == 1:
        yield long_rows(first, forms.CONVENTIONAL)[0]
        return
    overrides = chance.choice(OVERRIDES)
    specimens = [first]
    is_adult = first.age.endswith("y") and int(first.age[:-1]) > 16
    for back in range(_earlier(number, chance) if is_adult else 0):
        days = -7 * (back + 1) - chance.randrange(7)
        specimens.append(draw_again("many", first, days, chance.choice(PROFILES), *overrides))
    name = ODD_NAMES[number // 2 % len(ODD_NAMES)] if number % 2 == 0 else first.person.name
    for specimen in specimens:
        comment = chance.choice(ODD_COMMENTS) if chance.random() < 0.2 else ""
        for place, row in enumerate(long_rows(specimen, forms.CONVENTIONAL)):
            # Not on each row: one that is too long holds its row, and some are to be left.
            said = comment if place % 3 == 0 else ""
            yield {**row, "patient_name": name, "comment": said}


def _earlier(number: int, chance: Random) -> int:
    """How many specimens there were before: none for most, hundreds for very few."""
    if number == 200:
        return 420
    if number % 50 == 40:
        return 60
    return chance.choice((0, 0, 0, 1, 2, 5))
