"""Write the first inputs of the fuzz targets, and the words they are to be mixed with.

    python fuzz/make_seeds.py FOLDER

Inputs come from the documentation of cells and from the sample exports, words from the knowledge.
"""

import re
import sys
from pathlib import Path

from pipeline.knowledge.load import load_knowledge

ROOT = Path(__file__).parents[1]
PARSERS = 10
"""Length of `fuzz_values.PARSERS`."""
ROWS = 6
LONG = "patient_id{0}sex{0}birth_date{0}sample_id{0}collected_at{0}analyte{0}value{0}unit{1}"
LINES = (
    "0012{0}F{0}1980-05-01{0}S1{0}2026-03-01T08:30{0}Hemoglobin{0}11.2{0}g/dL{1}",
    "P2{0}M{0}31.12.1950{0}S2{0}01.03.2026{0}MCV{0}<104,5{0}fL{1}",
    "P3{0}{0}{0}{0}2026-03-01{0}WBC{0}3.9 L{0}10^9/L{1}",
    '"P4"{0}w{0}40 y{0}"S ""4"""{0}03/04/2026{0}Vitamin B12{0}"1,060"{0}pg/mL{1}',
    # A stray quotation mark that would make one row of two.
    'P5{0}"F{0}{0}S5{1}',
    'P6{0}"{0}{0}S6{0}{0}MCV{0}90{0}fL{1}',
)
WIDE = "PID{0}Age (months){0}HGB (g/dL){0}MCV{0}PLT [10^9/L]{0}PLT flag{0}B12 pmol/L{1}"
WIDE_LINES = ("A-1{0}44{0}11.2{0}101{0}<150{0}L{0}133{1}", "A-2{0}{0}----{0}{0}88*{0}{0}>1,476{1}")


def main(folder: Path) -> None:
    """Write both sets of seeds and the dictionary below a folder."""
    knowledge = load_knowledge()
    words = [header for field in knowledge.fields.values() for header in field.headers]
    for analyte in knowledge.analytes.values():
        words += [*analyte.names, *analyte.names_with_unit, *analyte.loinc, *analyte.units]
    words += ["<=", "\u2265", "\u00a0", '""', "\r\n", "\ufeff", "31.12.1999", "1980-05-01", "1,060"]
    escaped = ["".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "words.dict").write_text("".join(f'"{word}"\n' for word in dict.fromkeys(escaped)))
    cells = folder / "values"
    cells.mkdir(parents=True, exist_ok=True)
    documented = (ROOT / "docs" / "values.md").read_text(encoding="utf-8")
    for number, text in enumerate(dict.fromkeys(re.findall(r"`([^`\n]+)`", documented))):
        for parser in range(PARSERS):
            head = bytes([parser, number % 256])
            (cells / f"{number:03}-{parser}").write_bytes(head + text.encode())
    files = folder / "text"
    files.mkdir(parents=True, exist_ok=True)
    for number, delimiter in enumerate(",;\t|"):
        for ending in ("\n", "\r\n"):
            for head, lines in ((LONG, LINES), (WIDE, WIDE_LINES)):
                text = "".join(line.format(delimiter, ending) for line in (head, *lines))
                name = f"{number}{len(ending)}{head[:3]}"
                (files / name).write_bytes(b"\0" + text.encode())
                (files / f"{name}16").write_bytes(b"\2" + text.encode("utf-16"))
    for path in sorted((ROOT / "sample_data").glob("*.[ct]sv")):
        rows = path.read_bytes().splitlines(keepends=True)[: ROWS + 1]
        (files / path.name).write_bytes(b"\0" + b"".join(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
