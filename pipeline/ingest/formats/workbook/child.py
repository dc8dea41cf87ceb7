"""Parse one workbook in a process of its own, limited in memory and time.

A legal file of a kilobyte can abort a reading library in a way that no `except` catches; here it
takes along this process and nothing else. Reads the workbook from standard input and writes one
JSON list a line to standard output; the first item says what the line is:

    ["ready"]                    the program started; what fails from here on lies in the file
    ["refused", code, detail]    the file must not or cannot be read
    ["sheet", name]              what follows, up to the next such line, belongs to this sheet
    ["rows", [[number, [text, …], [[column, code], …]], …]]
    ["note", code, detail]
    ["end"]                      everything was said

Imports the standard library and the reading library only: each start is paid for each file.
"""

import gc
import io
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator

import python_calamine as calamine

from pipeline.ingest.formats.refusal import Refused
from pipeline.ingest.formats.workbook.markup import MAX_AREA, WorkbookMarkup
from pipeline.ingest.formats.workbook.ods import scan_ods
from pipeline.ingest.formats.workbook.text_rows import Row, list_rows
from pipeline.ingest.formats.workbook.xls import scan_xls
from pipeline.ingest.formats.workbook.xlsx import scan_xlsx

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
ROWS_A_LINE = 500
MAX_OUTPUT_BYTES = 256 << 20

SCANNERS = {"xlsx": scan_xlsx, "xls": scan_xls, "ods": scan_ods}


def main() -> None:
    """Read a workbook from standard input, write its tables to standard output."""
    kind = sys.argv[1]
    writer = Writer()
    writer.write("ready")
    # Said before anything can fail: an abort loses what is not yet flushed.
    sys.stdout.buffer.flush()
    content = sys.stdin.buffer.read()
    limit_process()
    # Nothing here refers in circles; looking for circles among millions of cells costs seconds.
    gc.disable()
    try:
        _read(SCANNERS[kind], content, writer)
        writer.write("end")
    except Refused as refusal:
        writer.write("refused", refusal.code, refusal.detail)
    except MemoryError:
        writer.write("refused", "workbook-exhausting", "it needs too much memory")
    except calamine.PasswordError:
        writer.write("refused", "file-encrypted", "")
    # A panic of the reading library is no `Exception`; its text may quote a cell.
    except BaseException as error:
        writer.write("refused", "workbook-damaged", f"the reader failed ({type(error).__name__})")
    sys.stdout.buffer.flush()
    # Freeing gigabytes piece by piece costs seconds; the system frees them at once.
    os._exit(0)


def limit_process(cpu_seconds: int = 0) -> None:
    """Limit memory and time, die with the parent, leave no dump: where the system can do it.

    Args:
        cpu_seconds: Of computing; 0: as for a workbook of results.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if sys.platform != "win32":
        import resource

        limits = [
            (resource.RLIMIT_AS, MEMORY_BYTES, 0),
            # At the lower limit comes a signal that tells what happened, at the higher the end.
            (resource.RLIMIT_CPU, cpu_seconds or CPU_SECONDS, 1),
            (resource.RLIMIT_FSIZE, 0, 0),
            # A core dump would hold the patients' data.
            (resource.RLIMIT_CORE, 0, 0),
        ]
        for kind, limit, grace in limits:
            try:
                hard = resource.getrlimit(kind)[1]
                most = limit + grace if hard == resource.RLIM_INFINITY else min(limit, hard)
                resource.setrlimit(kind, (min(limit, most), most))
            except (ValueError, OSError):
                continue


class Writer:
    """Standard output, one JSON list a line, up to a limit."""

    def __init__(self, most: int = MAX_OUTPUT_BYTES) -> None:
        self._encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        self._written = 0
        self._most = most

    def write(self, *message: object) -> None:
        line = self._encode(message).encode() + b"\n"
        self._written += len(line)
        if self._written > self._most and message[0] != "refused":
            raise Refused("file-too-large", f"more than {self._most >> 20} MiB of text")
        sys.stdout.buffer.write(line)

    def write_rows(self, rows: Iterator[Row]) -> None:
        while batch := list(itertools.islice(rows, ROWS_A_LINE)):
            self.write("rows", batch)


def _read(scan: Callable[[bytes], WorkbookMarkup], content: bytes, writer: Writer) -> None:
    """Scan every visible sheet before any is parsed: the library sees only what passed."""
    marks = scan(content)
    if not marks.sheets:
        raise Refused("workbook-no-visible-sheet")
    if sum(sheet.area for sheet in marks.sheets) > MAX_AREA:
        raise Refused("file-too-large", f"its sheets span more than {MAX_AREA:,} cells")
    library = calamine.load_workbook(io.BytesIO(content))
    for sheet in marks.sheets:
        writer.write("sheet", sheet.name)
        if marks.hidden_sheets and sheet is marks.sheets[0]:
            writer.write("note", "hidden-sheets", f"{marks.hidden_sheets} hidden")
        for code, detail in sheet.list_notes():
            writer.write("note", code, detail)
        writer.write_rows(list_rows(library.get_sheet_by_name(sheet.name), sheet, marks.formats))


if __name__ == "__main__":
    main()
