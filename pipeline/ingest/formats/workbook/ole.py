"""The compound file around .xls workbooks and encrypted ones: its streams by name.

Standard library only; runs in the limited child process as well.
"""

import struct
from collections.abc import Iterator

from pipeline.ingest.formats.refusal import Refused

_END = 0xFFFFFFFA
_ENTRY_BYTES = 128
_SMALL_SECTOR_BYTES = 64
_ROOT = 5

Entry = tuple[int, int, int]
"""Kind, first sector, size in bytes."""


def read_entries(content: bytes) -> dict[str, Entry]:
    """Map the name of each storage and stream, case folded, to where it is.

    Raises:
        Refused: The container is damaged, or built to lead a reader in circles.
    """
    try:
        return dict(_Container(content).list_entries())
    except (struct.error, IndexError) as error:
        raise Refused("workbook-damaged", "the container is cut off") from error


def read_stream(content: bytes, name: str) -> bytes:
    """Give the bytes of a stream by its name, case folded.

    Raises:
        Refused: There is no such stream, or the container is damaged.
    """
    try:
        container = _Container(content)
        entries = dict(container.list_entries())
        if name not in entries:
            raise Refused("file-kind", "a workbook from before 1997; save it as .xlsx")
        return container.read(entries[name], entries)
    except (struct.error, IndexError) as error:
        raise Refused("workbook-damaged", "the container is cut off") from error


class _Container:
    """Sectors of equal size, strung together by an allocation table."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size = 1 << min(struct.unpack_from("<H", content, 30)[0], 31)
        if self.size not in (512, 4096):
            raise Refused("workbook-damaged", "the container's header is wrong")
        self.sectors = len(content) // self.size + 1
        self.table = list(self._list_table())

    def list_entries(self) -> Iterator[tuple[str, Entry]]:
        """Give name and entry of everything in the directory."""
        (start,) = struct.unpack_from("<I", self.content, 48)
        for directory in self._list_sectors(start):
            for at in range(directory, directory + self.size, _ENTRY_BYTES):
                length, kind = struct.unpack_from("<HB", self.content, at + 64)
                if kind and 2 <= length <= 64:
                    name = self.content[at : at + length - 2].decode("utf-16-le", "replace")
                    yield (
                        name.casefold(),
                        (kind, *struct.unpack_from("<II", self.content, at + 116)),
                    )

    def read(self, entry: Entry, entries: dict[str, Entry]) -> bytes:
        """Give the bytes of a stream."""
        _, start, size = entry
        (least,) = struct.unpack_from("<I", self.content, 56)
        if size >= least:
            sectors = self._list_sectors(start)
            return b"".join(self.content[at : at + self.size] for at in sectors)[:size]
        # Small streams lie together in one that the root entry names.
        root = next(found for found in entries.values() if found[0] == _ROOT)
        pool = b"".join(self.content[at : at + self.size] for at in self._list_sectors(root[1]))
        (first,) = struct.unpack_from("<I", self.content, 60)
        table = b"".join(self.content[at : at + self.size] for at in self._list_sectors(first))
        pieces = []
        for _ in range(size // _SMALL_SECTOR_BYTES + 1):
            if start >= _END:
                break
            at = start * _SMALL_SECTOR_BYTES
            pieces.append(pool[at : at + _SMALL_SECTOR_BYTES])
            (start,) = struct.unpack_from("<I", table, start * 4)
        return b"".join(pieces)[:size]

    def _list_sectors(self, start: int) -> Iterator[int]:
        """Give the places of the sectors of a chain."""
        per_sector = self.size // 4
        for _ in range(self.sectors):
            if start >= _END:
                return
            yield (start + 1) * self.size
            sector = (self.table[start // per_sector] + 1) * self.size
            (start,) = struct.unpack_from("<I", self.content, sector + start % per_sector * 4)
        raise Refused("workbook-unsafe", "the container runs in a circle")

    def _list_table(self) -> Iterator[int]:
        """Give the sectors that hold the allocation table."""
        yield from (s for s in struct.unpack_from("<109I", self.content, 76) if s < _END)
        (start,) = struct.unpack_from("<I", self.content, 68)
        for _ in range(self.sectors):
            if start >= _END:
                return
            at = (start + 1) * self.size
            *sectors, start = struct.unpack_from(f"<{self.size // 4}I", self.content, at)
            yield from (s for s in sectors if s < _END)
        raise Refused("workbook-unsafe", "the container runs in a circle")
