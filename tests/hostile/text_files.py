"""Text exports that go wrong, each with what a careful technician would make of it."""

import gzip
import io
import os
import socket
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.properties.exports import xlsx_bytes

HEADER = "patient_id,patient_name,sex,birth_date,sample_id,collected_at,analyte,value,unit"
Make = Callable[[Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One file, and what is to become of it."""

    name: str
    """Of the file; it says what is wrong with it."""
    content: bytes | Make
    """Its bytes, or what makes it where bytes do not suffice."""
    read: Sequence[str] = ()
    """Results used: "patient analyte number unit"."""
    held: Sequence[str] = ()
    """Results held: "row code"."""
    said: Sequence[str] = ()
    """Issues of the whole file that must be among those raised."""
    ignored: int = 0


def line(
    patient: str = "P1",
    value: str = "11.2",
    *,
    name: str = "Sample Aster",
    sex: str = "F",
    born: str = "1980-05-01",
    sample: str | None = None,
    at: str = "2026-03-01",
    analyte: str = "Hemoglobin",
    unit: str = "g/dL",
) -> str:
    """Write one line of a long export."""
    cells = (patient, name, sex, born, sample or f"S{patient}", at, analyte, value, unit)
    return ",".join(cells)


def export(*lines: str, header: str = HEADER, end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Write a header and lines."""
    return "".join(f"{each}{end}" for each in (header, *lines)).encode(encoding)


def values(*cells: str) -> bytes:
    """Write one hemoglobin for each of some cells."""
    return export(*(line(f"V{at}", cell) for at, cell in enumerate(cells, 2)))


def collected(*cells: str) -> bytes:
    """Write one hemoglobin for each of some dates of collection."""
    return export(*(line(f"D{at}", at=cell) for at, cell in enumerate(cells, 2)))


def make_link(path: Path) -> None:
    """Link to a file outside of the folder."""
    target = path.parent / "target.of-link"
    target.write_bytes(export(line("L1")))
    path.symlink_to(target)


def make_socket(path: Path) -> None:
    """Put a socket there; its path must be short, so it is moved into place."""
    with socket.socket(socket.AF_UNIX) as made:
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def zip_bytes(name: str, content: bytes) -> bytes:
    """Pack one file into an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, content)
    return packed.getvalue()


GOOD = "P1 hemoglobin 11.2 g/dL"
_ROWS = [line("P1"), line("P2", "12.1"), line("P3", "9.8")]
_READ = ["P1 hemoglobin 11.2 g/dL", "P2 hemoglobin 12.1 g/dL", "P3 hemoglobin 9.8 g/dL"]
_PREAMBLE = "Example Laboratory\nExported 2026-03-02 07:00\n\n"

ARRIVAL = [
    Case(name="link.csv", content=make_link, said=["file-not-plain"]),
    Case(name="pipe.csv", content=os.mkfifo, said=["file-not-plain"]),
    Case(name="socket.csv", content=make_socket, said=["file-not-plain"]),
    Case(name="gzip.csv", content=gzip.compress(export(*_ROWS)), said=["file-not-what-it-says"]),
    Case(name="zip.csv", content=zip_bytes("a.csv", export(*_ROWS)),
         said=["file-not-what-it-says"]),
    Case(name="workbook.csv", content=xlsx_bytes([HEADER.split(",")]),
         said=["file-not-what-it-says"]),
    Case(name="old_workbook.txt", content=bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
         said=["file-not-what-it-says"]),
    Case(name="document.csv", content=b"%PDF-1.7\n" + export(*_ROWS),
         said=["file-not-what-it-says"]),
    Case(name="text.xlsx", content=export(*_ROWS), said=["file-not-what-it-says"]),
    Case(name="text.xls", content=export(*_ROWS), said=["file-not-what-it-says"]),
    Case(name="page.xls", content=b"<html><table><tr><td>Patient ID</td></tr></table></html>",
         said=["file-not-what-it-says"]),
    Case(name="cut_off.csv", content=export(*_ROWS)[:-8], said=["last-line-open"],
         read=_READ[:2], held=["4 row-shape"]),
    Case(name="cut_in_a_number.csv", content=export(*_ROWS, header=HEADER)[:-10],
         said=["last-line-open"], read=_READ[:2], held=["4 row-shape"]),
    Case(name="empty.csv", content=b"", said=["file-empty"]),
    Case(name="blank.csv", content=b" \n\r\n\t\n", said=["file-empty"]),
    Case(name="mark_only.csv", content=b"\xef\xbb\xbf", said=["file-empty"]),
    Case(name="mark_only_16.csv", content=b"\xff\xfe", said=["file-empty"]),
    Case(name="header_only.csv", content=export(), said=["file-empty"]),
    Case(name="header_without_end.csv", content=HEADER.encode(), said=["file-empty"]),
]  # fmt: skip

STRUCTURE = [
    Case(name="long_row.csv", content=export(_ROWS[0], _ROWS[1] + ",extra", _ROWS[2]),
         read=[_READ[0], _READ[2]], held=["3 row-shape"]),
    Case(name="first_row_long.csv", content=export(_ROWS[0] + ",x", *_ROWS[1:]),
         read=_READ[1:], held=["2 row-shape"]),
    Case(name="short_row.csv", content=export(_ROWS[0], "P2,Sample,F,1980-05-01,S2,2026-03-01,Hemoglobin,16"),
         read=_READ[:1], held=["3 row-shape"]),
    Case(name="shifted_row.csv", content=export(_ROWS[0], "P2,Sample,Bo,F,1980-05-01,S2,2026-03-01,Hemoglobin,9.0,g/dL"),
         read=_READ[:1], held=["3 row-shape"]),
    # Between commas it may be the second half of a decimal number.
    Case(name="comma_at_every_end.csv", content=export(*(each + "," for each in _ROWS)),
         held=["2 row-shape", "3 row-shape", "4 row-shape"]),
    Case(name="semicolon_at_every_end.csv", content=export(*(each + "," for each in _ROWS)).replace(b",", b";"), read=_READ),
    Case(name="comma_at_one_end.csv", content=export(_ROWS[0], _ROWS[1] + ",", _ROWS[2]),
         read=[_READ[0], _READ[2]], held=["3 row-shape"]),
    Case(name="comma_at_header_end.csv", content=export(*_ROWS, header=HEADER + ","), read=_READ),
    Case(name="wide_comma_at_every_end.csv", content=b"Patient ID,HGB (g/dL),MCV,\nP1,11.2,90,\nP2,12,91\n",
         read=["P1 hemoglobin 11.2 g/dL", "P1 mcv 90 fL", "P2 hemoglobin 12 g/dL", "P2 mcv 91 fL"]),
    # pandas: one patient whose name holds three, no word said.
    Case(name="stray_quotes.csv",
         content=b'patient_id,patient_name,analyte,value,unit,sample_id\n1,"Doe,Hemoglobin,10,g/dL,S1\n'
                 b'2,Roe,Hemoglobin,20,g/dL,S2\n3,Poe",Hemoglobin,9,g/dL,S3\n4,Moe,Hemoglobin,8,g/dL,S4\n',
         read=["4 hemoglobin 8 g/dL"], held=["2 row-quotes", "3 row-quotes", "4 row-quotes"]),
    Case(name="quote_never_closed.csv", content=export(_ROWS[0], 'P2,"Roe,F,,S2,,Hemoglobin,9.0,g/dL', _ROWS[2]),
         read=_READ[:1], held=["3 row-quotes", "4 row-quotes"]),
    Case(name="quote_inside_a_name.csv", content=export(line(name='Aster "Tess" Sample'), _ROWS[1]),
         read=_READ[:2]),
    Case(name="text_after_a_quote.csv", content=export(_ROWS[0], line("P2", name='"Aster"x'), _ROWS[2]),
         read=[_READ[0], _READ[2]], held=["3 row-quotes"]),
    Case(name="line_break_in_a_name.csv", content=export(line(name='"Sample\nAster"'), _ROWS[1]),
         read=_READ[:2]),
    Case(name="duplicate_header.csv", content=export(line() + ",9.9", header=HEADER + ",value"),
         said=["duplicate-column"]),
    Case(name="duplicate_header_that_agrees.csv", content=export(line() + ",11.2", header=HEADER + ",value"),
         read=[GOOD]),
    Case(name="two_values.csv", content=export(line() + ",9.9", header=HEADER + ",Result"),
         said=["duplicate-column"]),
    Case(name="no_value_column.csv", content=export("P1,Hemoglobin,g/dL", header="patient_id,analyte,unit"),
         said=["missing-column"]),
    Case(name="no_patient_column.csv", content=export("S1,Hemoglobin,9,g/dL", header="sample_id,analyte,value,unit"),
         said=["patient-column-missing"]),
    Case(name="unknown_header.csv", content=export(line() + ",x", header=HEADER + ",Ward"),
         read=[GOOD], said=["columns-not-used"]),
    Case(name="no_header.csv", content=b"P1,Aster,F,1980-05-01,S1,2026-03-01,Hemoglobin,11.2,g/dL\n",
         said=["patient-column-missing"]),
    Case(name="no_known_word.csv", content=b"P1;11.2\nP2;12.3\n", said=["no-layout"]),
    Case(name="header_in_capitals_and_spaces.csv", content=export(line(), header=HEADER.upper().replace("_", "  ")),
         read=[GOOD]),
    Case(name="preamble.csv", content=_PREAMBLE.encode() + export(*_ROWS), read=_READ),
    Case(name="preamble_too_long.csv", content=b"note\n" * 25 + export(*_ROWS), said=["no-layout"]),
    Case(name="footer.csv", content=export(*_ROWS, "", "End of report", "--- 3 rows ---"),
         read=_READ, said=["lines-left-out"]),
    Case(name="footer_of_a_row.csv", content=export(*_ROWS, "Total,3,,,,,,,"), read=_READ, said=["lines-left-out"]),
    Case(name="patient_called_max.csv", content=export(line("MAX"), line("P2", "12.1"), line("Total", "9.9")),
         read=["MAX hemoglobin 11.2 g/dL", _READ[1], "Total hemoglobin 9.9 g/dL"]),
    Case(name="patients_with_names_of_columns.csv", content=export(line("GB"), line("MCV", "12.1"), line("Sex", "9.9")),
         read=["GB hemoglobin 11.2 g/dL", "MCV hemoglobin 12.1 g/dL", "Sex hemoglobin 9.9 g/dL"]),
    Case(name="sums_at_the_end.csv", content=b"Patient ID,HGB (g/dL),MCV\nMax,6.1,101\nP2,12,91\nMean,9.05,96\nSD,4.2,7.1\nEnd of list,,\n",
         read=["P2 hemoglobin 12 g/dL", "P2 mcv 91 fL"], held=["2 record-doubtful", "2 record-doubtful"], said=["lines-left-out"]),
    Case(name="patient_at_the_end.csv", content=export(_ROWS[0], "P2"), read=_READ[:1], held=["3 row-shape"]),
    Case(name="header_repeated.csv", content=export(_ROWS[0], HEADER, _ROWS[1]),
         read=_READ[:2], said=["lines-left-out"]),
    Case(name="second_table.csv",
         content=export(_ROWS[0], "patient_id,sex,patient_name,birth_date,sample_id,collected_at,value,analyte,unit",
                        "P2,F,Roe,1980-05-01,S2,2026-03-01,9.0,Hemoglobin,g/dL"),
         read=_READ[:1], held=["3 row-header", "4 row-header"]),
    Case(name="units_repeated.csv", content=b"Patient ID,HGB,MCV\n,g/dL,fL\nP1,9.2,112\nPatient ID,HGB,MCV\n,g/dL,fL\nP2,10.2,101\n",
         read=["P1 hemoglobin 9.2 g/dL", "P1 mcv 112 fL", "P2 hemoglobin 10.2 g/dL", "P2 mcv 101 fL"], said=["lines-left-out"]),
    # 160 pmol/L is no 160 pg/mL.
    Case(name="other_units_below.csv", content=b"Patient ID,HGB,Vitamin B12\n,g/dL,pg/mL\nP1,9.2,150\nPatient ID,HGB,Vitamin B12\n,g/L,pmol/L\nP2,102,160\n",
         read=["P1 hemoglobin 9.2 g/dL", "P1 vitamin-b12 150 pg/mL"], held=["5 row-header", "6 row-header"], said=["lines-left-out"]),
    Case(name="units_below_units_in_the_header.csv", content=b"Patient ID,HGB (g/dL),Vitamin B12 (pg/mL)\nP1,9.2,150\nUnits,g/L,pmol/L\nP2,102,160\n",
         read=["P1 hemoglobin 9.2 g/dL", "P1 vitamin-b12 150 pg/mL"], held=["3 row-header", "4 row-header"]),
    Case(name="two_delimiters.csv", content=export("P1,90,x;P2;9", header="patient_id,MCV,x;Patient ID;HGB (g/dL)"),
         said=["delimiter-ambiguous"]),
    Case(name="decimal_comma_unquoted.csv", content=export(_ROWS[0], line("P2", "9,5")),
         read=_READ[:1], held=["3 row-shape"]),
    Case(name="decimal_comma_quoted.csv", content=export(line("P1", '"11,2"'), line("P2", '"1,060"', analyte="Vitamin B12", unit="ng/mL")),
         read=[GOOD, "P2 vitamin-b12 1.06 ng/mL"]),
    Case(name="both_decimal_signs.csv", content=values("11.2", '"1,125"', '"9,5"'),
         read=["V2 hemoglobin 11.2 g/dL"], held=["3 number-ambiguous", "4 number-ambiguous"]),
    Case(name="spaces_around_cells.csv", content=export(" P1 ,  Sample Aster , F , 1980-05-01 , S1 , 2026-03-01 , Hemoglobin , 11.2 , g/dL "),
         read=[GOOD]),
    Case(name="blank_rows.csv", content=export(_ROWS[0], "", ",,,,,,,,", _ROWS[1]), read=_READ[:2]),
]  # fmt: skip

ENCODING = [
    Case(name="mark.csv", content=b"\xef\xbb\xbf" + export(*_ROWS), read=_READ),
    Case(name="utf16.csv", content=export(*_ROWS).decode().encode("utf-16"), read=_READ),
    Case(name="utf16_without_mark.csv", content=export(*_ROWS).decode().encode("utf-16-le"), said=["file-encoding"]),
    Case(name="utf16_be_without_mark.csv", content=export(*_ROWS).decode().encode("utf-16-be"), said=["file-encoding"]),
    Case(name="utf16_odd.csv", content=export(*_ROWS).decode().encode("utf-16") + b"x", said=["file-encoding"]),
    Case(name="utf32.csv", content=export(*_ROWS).decode().encode("utf-32"), said=["file-encoding"]),
    Case(name="utf8_mark_but_cp1252.csv", content=b"\xef\xbb\xbf" + export(line(name="Müller"), encoding="cp1252"),
         said=["file-encoding"]),
    Case(name="cp1252.csv", content=export(line(name="Müller Núñez", analyte="PLT", value="90", unit="10³/µL"), encoding="cp1252"),
         read=["P1 platelets 90 10*3/uL"], said=["encoding-assumed"]),
    Case(name="not_cp1252.csv", content=export(line(name="M\x81ller"), encoding="latin-1"), said=["file-encoding"]),
    Case(name="zero_byte.csv", content=export(line(name="A\0B")), said=["file-encoding"]),
    Case(name="zeros_at_the_end.csv", content=export(*_ROWS) + bytes(512), said=["file-encoding"]),
    Case(name="carriage_returns.csv", content=export(*_ROWS, end="\r"), read=_READ),
    Case(name="mixed_line_ends.csv", content=b"\r\n".join(export(*_ROWS).split(b"\n", 2)), read=_READ),
    Case(name="blank_line_between.csv", content=export(*_ROWS, end="\r\r\n"), read=_READ),
    Case(name="form_feed_in_a_name.csv", content=export(line(name="A\x0cB")), held=["2 cell-unprintable"]),
    Case(name="line_separator_in_a_name.csv", content=export(line(name="A\u2028B")), read=[GOOD]),
    Case(name="lost_letters_in_an_id.csv", content=export(line("P\ufffd")), held=["2 patient-id-unsafe"]),
    Case(name="end_of_file_mark.csv", content=export(*_ROWS) + b"\x1a", read=_READ, held=["5 row-shape"], said=["last-line-open"]),
]  # fmt: skip

HUGE = [
    Case(name="huge_cell.csv", content=export(_ROWS[0], line("P2", name="x" * 40_000), _ROWS[2]),
         read=[_READ[0], _READ[2]], held=["3 cell-too-long"]),
    Case(name="cell_of_a_hundred_megabytes.csv", content=export(_ROWS[0], "P2," + "9" * (100 << 20), _ROWS[2]),
         read=[_READ[0], _READ[2]], held=["3 cell-too-long"]),
    Case(name="ten_million_columns.csv", content=export("", header="," * 10_000_000), said=["file-too-large"]),
    Case(name="thousand_columns_in_one_row.csv", content=export(_ROWS[0], "P2" + "," * 2_000), said=["file-too-large"]),
    Case(name="quotes_only.csv", content=b'"' * 1_000_001, said=["cell-too-long"]),
    Case(name="line_of_a_hundred_megabytes_in_quotes.csv", content=export(_ROWS[0], 'P2,"' + "9" * (100 << 20) + '"', _ROWS[2]),
         read=[_READ[0], _READ[2]], held=["3 cell-too-long"]),
    Case(name="torn_by_quotes.csv", content=export(_ROWS[0], *['P2,"a"b'] * 100_000), said=["row-quotes"]),
    Case(name="short_lines_only.csv", content=export(_ROWS[0], *["a"] * 1_000_000), said=["row-shape"]),
    Case(name="second_header_above_most.csv", content=export(_ROWS[0], "unit,patient_id,analyte,value,sex,a,b,c,d", *_ROWS * 40_000),
         said=["row-header"]),
    Case(name="million_blank_lines.csv", content=export(*_ROWS) + b"\n" * 1_000_000, read=_READ),
]  # fmt: skip

CELLS = [
    Case(name="values.csv",
         content=values("<7.0", ">20", "≤9", "12.3 H", "pending", "nan", "inf", "1_000", "\u0663", "\uff11\uff12",
                        "1e400", "-9", "1.12e1", "112 g/L", "see comment", "0x10", "12.", "", "=1+1", "HEMOLYSED", "1.1 x 10^9"),
         read=["V2 hemoglobin <7 g/dL", "V3 hemoglobin >20 g/dL", "V4 hemoglobin <=9 g/dL", "V5 hemoglobin 12.3 g/dL",
               "V14 hemoglobin 11.2 g/dL"],
         held=["6 not-measured", "7 not-measured", "8 not-a-number", "9 number-ambiguous", "10 not-a-number",
               "11 not-a-number", "12 not-a-number", "13 not-a-number", "15 unit-contradiction", "16 not-a-number",
               "17 number-ambiguous", "18 not-a-number", "19 value-missing", "20 number-ambiguous", "21 specimen-unreliable", "22 unit-contradiction"]),
    Case(name="dates_settled_later.csv", content=collected("03/04/2026", "25/02/2026", "01/02/2026"),
         read=["D2 hemoglobin 11.2 g/dL", "D3 hemoglobin 11.2 g/dL", "D4 hemoglobin 11.2 g/dL"]),
    Case(name="dates_open.csv", content=collected("03/04/2026", "01/02/2026", "2026-02-01"),
         read=["D4 hemoglobin 11.2 g/dL"], held=["2 date-ambiguous", "3 date-ambiguous"]),
    Case(name="dates_that_contradict.csv", content=collected("25/02/2026", "02/25/2026", "03/04/2026"),
         read=["D2 hemoglobin 11.2 g/dL", "D3 hemoglobin 11.2 g/dL"], held=["4 date-ambiguous"]),
    Case(name="dates_not_to_be_read.csv",
         content=collected("2026-03-04", "31/12/25", "46082", "2026-02-30", "2099-01-01", "1979-01-01", "00/00/0000"),
         read=["D2 hemoglobin 11.2 g/dL"],
         held=["3 date-unreadable", "4 date-unreadable", "5 date-unreadable", "6 date-impossible", "7 date-impossible",
               "8 date-unreadable"]),
]  # fmt: skip

IDENTITY = [
    Case(name="surname_na.csv", content=export(line("P1", name="NA"), line("P2", name="None", sample="N/A")),
         read=[GOOD, "P2 hemoglobin 11.2 g/dL"]),
    # Taken for an id, NA would make one patient of all whose id is missing.
    Case(name="ids_that_say_there_is_none.csv", content=export(*(line(each, sample="S1") for each in ("NA", "-", "?", "000", "Unknown", "n/a"))),
         held=[f"{row} patient-id-missing" for row in range(2, 8)]),
    Case(name="specimens_that_say_there_is_none.csv",
         content=export(line("P1", sample="NA"), line("P1", "101", sample="NA", at="2026-04-01", analyte="MCV", unit="fL"),
                        line("P2", sample="NA")),
         read=[GOOD, "P1 mcv 101 fL", "P2 hemoglobin 11.2 g/dL"], said=["specimen-by-date"]),
    Case(name="ids_with_zeros.csv", content=export(line("00123"), line("0123"), line("123")),
         read=["00123 hemoglobin 11.2 g/dL", "0123 hemoglobin 11.2 g/dL", "123 hemoglobin 11.2 g/dL"]),
    Case(name="ids_like_numbers.csv",
         content=export(line("12E5"), line("100000000000000301"), line("100000000000000302"), line("1e5"), line("TRUE")),
         read=["100000000000000301 hemoglobin 11.2 g/dL", "100000000000000302 hemoglobin 11.2 g/dL",
               "12E5 hemoglobin 11.2 g/dL", "1e5 hemoglobin 11.2 g/dL", "TRUE hemoglobin 11.2 g/dL"]),
    Case(name="ids_damaged.csv",
         content=export(line("1.23E+11"), line("4711.0"), line("#####"), line("#REF!"), line("2026-04-03"), line("1,2E+05".replace(",", "."))),
         held=[f"{row} patient-id-damaged" for row in range(2, 8)]),
    Case(name="ids_not_to_be_seen.csv",
         content=export(line("P\u200b1"), line("P\u202e1"), line("P" * 65), line("", sample="S1"), line("\u00a0", sample="S2")),
         held=["2 patient-id-unsafe", "3 patient-id-unsafe", "4 patient-id-unsafe", "5 patient-id-missing", "6 patient-id-missing"]),
    Case(name="ids_in_two_forms.csv", content=export(line("\u00e91"), line("e\u03011", "9.9", analyte="MCHC", unit="g/dL", sample="S\u00e91")),
         read=["é1 hemoglobin 11.2 g/dL"], held=["3 value-impossible"]),
    Case(name="ids_in_capitals.csv", content=export(line("ab1"), line("AB1")), read=["AB1 hemoglobin 11.2 g/dL", "ab1 hemoglobin 11.2 g/dL"]),
    Case(name="ids_like_paths.csv", content=export(line("../../etc/passwd"), line("=cmd|x"), line("CON")),
         read=["../../etc/passwd hemoglobin 11.2 g/dL", "=cmd|x hemoglobin 11.2 g/dL", "CON hemoglobin 11.2 g/dL"]),
    Case(name="two_birth_dates.csv", content=export(line(), line(born="1980-01-05", sample="S2"), line("P2", "12.1")),
         read=_READ[1:2], held=["2 identity-conflict", "3 identity-conflict"]),
    Case(name="two_sexes.csv", content=export(line(), line(sex="M", sample="S2"), line("P2", "12.1")),
         read=_READ[1:2], held=["2 identity-conflict", "3 identity-conflict"]),
    Case(name="two_names.csv", content=export(line(), line(name="Borage Other", sample="S2"), line("P2", "12.1")),
         read=_READ[1:2], held=["2 identity-conflict", "3 identity-conflict"]),
    Case(name="name_turned_round.csv", content=export(line(), line(value="101", name="ASTER SAMPLE-OTHER", analyte="MCV", unit="fL")),
         read=[GOOD, "P1 mcv 101 fL"]),
    Case(name="name_missing.csv", content=export(line(), line(value="101", name="", sex="", born="", analyte="MCV", unit="fL")),
         read=[GOOD, "P1 mcv 101 fL"]),
    Case(name="specimen_of_two.csv", content=export(line(sample="S9"), line("P2", sample="S9"), line("P3", "9.8")),
         read=_READ[2:], held=["2 specimen-conflict", "3 specimen-conflict"]),
    Case(name="specimen_damaged.csv", content=export(line(sample="2.6E+10"), line("P2", "12.1")),
         read=_READ[1:2], held=["2 specimen-damaged"]),
    Case(name="result_twice.csv", content=export(line(), line()), read=[GOOD]),
    Case(name="result_in_two_versions.csv", content=export(line(), line(value="11.9")),
         held=["2 results-disagree", "3 results-disagree"]),
    Case(name="result_corrected.csv", content=export(line() + ",final", line(value="11.9") + ",corrected", header=HEADER + ",status"),
         read=["P1 hemoglobin 11.9 g/dL"]),
    Case(name="result_cancelled.csv", content=export(line() + ",final", line() + ",cancelled", header=HEADER + ",status")),
    Case(name="status_unknown.csv", content=export(line() + ",mostly", header=HEADER + ",status"), held=["2 status-unreadable"]),
]  # fmt: skip

CASES = [*ARRIVAL, *STRUCTURE, *ENCODING, *HUGE, *CELLS, *IDENTITY]


def make(case: Case, folder: Path) -> Path:
    """Put the file of a case into a folder."""
    path = folder / case.name
    if isinstance(case.content, bytes):
        path.write_bytes(case.content)
    else:
        case.content(path)
    return path
