"""What the program works out without touching a file is worked out once for all forks.

Reading a file, applying the rules and rendering a workbook depend on what they are given alone.
Most of the time of a run goes there, and there is nothing in it that could be torn.
"""

import hashlib
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pipeline.commands import history, withdraw
from pipeline.history import receive
from pipeline.knowledge.model import Knowledge
from pipeline.publish import publications, publish, worklist_update
from pipeline.report.patient.assemble import PatientReport
from schemas.table import Table


class Memory:
    """Answers by what was asked, shared over a folder by a server and its forks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._answers: dict[str, bytes] = {}
        folder.mkdir(exist_ok=True)

    def gather(self) -> None:
        """Take over what forks have worked out, before the next one is made."""
        for path in self._folder.glob("*.answer"):
            self._answers[path.stem] = path.read_bytes()
            path.unlink()

    def attach(self, *, is_traced: bool) -> None:
        """Let this process, a fork, remember; one that is traced only looks up.

        To keep what it has worked out would add calls that change a file.
        """
        from pipeline.commands import run

        keep = not is_traced
        assess, read = run.assess, receive.read_results
        run.assess = history.assess = self._remembered(assess, keep)

        def read_results(path: Path, name: str, *rest: Any, **named: Any) -> Any:
            content = path.read_bytes() if path.is_file() else b""
            pure = self._remembered(lambda _: read(path, name, *rest, **named), keep)
            return pure((content, path, name, rest, named))

        receive.read_results = withdraw.read_results = read_results
        self._remember_checks(keep)
        render, pack = publish.render_workbook, publish.pack_workbook
        packed = self._remembered(lambda report, at: pack(render(report), at), keep)
        # Rendered when it is packed: by then it is known whether that was done before.
        publish.render_workbook = lambda report: report
        publish.pack_workbook = lambda book, at: (
            packed(book, at)
            if isinstance(book, PatientReport)
            else book
            if isinstance(book, bytes)
            else pack(book, at)
        )
        assemble = publish.assemble_reports
        assembled = self._remembered(lambda given, named: tuple(assemble(*given, **named)), keep)
        publish.assemble_reports = lambda *given, **named: iter(assembled(given, named))
        worklist_update.read_typed = self._remembered(worklist_update.read_typed, keep)
        listed = publish.render_worklist

        def list_and_pack(given: tuple[Any, ...]) -> tuple[bytes, str]:
            book, page = listed(*given)
            _, run, *_ = given
            return pack(book, run.run_at), page

        remembered = self._remembered(list_and_pack, keep)
        publish.render_worklist = lambda *given: remembered(given)

    def _remember_checks(self, keep: bool) -> None:
        """Remember which tables were found valid: a check changes nothing in them."""
        publications.unpack_current = self._remembered(publications.unpack_current, keep)
        validate = Table.validate.__func__

        def is_valid(cls: type[Table], table: Any) -> bool:
            validate(cls, table)
            return True

        def check(cls: type[Table], table: Any, *given: Any, **named: Any) -> Any:
            self._remembered(is_valid, keep)(cls, table)
            return table

        Table.validate = classmethod(check)

    def _remembered(self, function: Callable[..., Any], keep: bool) -> Callable[..., Any]:
        def ask(*given: Any) -> Any:
            key = hashlib.sha256(function.__qualname__.encode() + _pack(given)).hexdigest()
            known = self._answers.get(key)
            if known is not None:
                return pickle.loads(known)
            answer = function(*given)
            if keep:
                aside = self._folder / f"{key}.aside"
                aside.write_bytes(_pack(answer))
                aside.rename(self._folder / f"{key}.answer")
            return answer

        return ask


_KNOWN: dict[str, Knowledge] = {}


def _recall(name: str) -> Knowledge:
    return _KNOWN[name]


def _pack(thing: Any) -> bytes:
    stream = io.BytesIO()
    _Packer(stream).dump(thing)
    return stream.getvalue()


class _Packer(pickle.Pickler):
    """Names knowledge, which is large, by its version: the hash of its content."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Knowledge):
            name = f"{obj.version} {obj.profile.id}"
            _KNOWN[name] = obj
            return _recall, (name,)
        return (dict, (dict(obj),)) if isinstance(obj, MappingProxyType) else NotImplemented
