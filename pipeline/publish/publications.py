"""The reports of an output folder: which stand there, which are due, since when they say what."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pandas as pd

from pipeline.assessment import Assessment
from pipeline.errors import OutputError
from pipeline.files.durable import sync_folder
from pipeline.files.folder import open_below
from pipeline.history.store.records import Publication, Run
from pipeline.history.stored import History
from pipeline.interpret.joined_evidence import list_current
from pipeline.lookup import look_up
from pipeline.publish.delivery import Delivery, deliver
from pipeline.publish.fingerprints import digest_patients, pack_current, unpack_current
from pipeline.publish.manifest import Output
from pipeline.reconcile.person_versions import CONFLICT, DETAILS, describe_people
from pipeline.report.patient.patient_rows import list_reported, list_with_report
from pipeline.report.report_model import RunInfo
from pipeline.report.report_names import file_name
from pipeline.texts import LANGUAGES
from schemas import CurrentFindings, DataFrame

PATIENTS = "patients"
_WORKLIST = "worklist.xlsx"


class Publications:
    """What stands in a folder by the history, beside what ought to stand there."""

    def __init__(
        self,
        history: History,
        key: str,
        folder: Path,
        run: Run,
        assessment: Assessment,
        facts: RunInfo,
    ) -> None:
        """Compare what is due with what was published; write nothing."""
        self.history, self.key, self.folder, self.run = history, key, folder, run
        self.before = history.list_published(key)
        self.written: list[Path] = []
        with_report = list_with_report(
            assessment.results, assessment.observations, assessment.current
        )
        reported = assessment.patients["patient_id"].isin(with_report)
        self.patients: list[str] = assessment.patients.loc[reported, "patient_id"].tolist()
        self.suspended = list_suspended(assessment, self.run.started_at)
        due = [*self.patients, *self.suspended]
        self.paths = {each: f"{PATIENTS}/{file_name(each)}.xlsx" for each in due}
        basis = replace(facts, run_at=datetime.min, files=(), read=None, dispositions={})
        # The words of a report are part of it; the knowledge version covers those of the rules.
        self._basis = f"{basis!r}|{LANGUAGES[facts.language].digest}"
        self._judgement = assessment
        self._digests = digest_patients(
            assessment.patients["patient_id"], _tables_of(assessment), self._basis
        )
        self.current = list_current(assessment.current, assessment.evidence)
        self._standing = pack_current(self.current)
        self._stand = {
            path.relative_to(folder).as_posix()
            for name in (PATIENTS, "held")
            for path in (folder / name).glob("*.xlsx")
            if path.is_file() and not path.is_symlink()
        }
        self._due = {each: self._describe(each) for each in due}

    @cached_property
    def changed(self) -> list[str]:
        """Patients whose report, or the notice in its place, is to be written."""
        return [each for each, due in self._due.items() if not self.is_current(due)]

    @property
    def changed_at(self) -> Mapping[str, datetime]:
        """Patient → when what the report says last changed."""
        return {patient: due.changed_at for patient, due in self._due.items()}

    def publication_of(self, patient: str) -> Publication:
        """Describe the report of a patient as it is due."""
        return self._due[patient]

    def is_current(self, due: Publication) -> bool:
        """Whether what is due stands there already."""
        known = self.before.get(due.path)
        return known is not None and known.digest == due.digest and due.path in self._stand

    def put(self, due: Mapping[str, tuple[bytes, Publication]]) -> list[str]:
        """Bring workbooks into place and note them; give the paths that are locked."""
        items = [
            Delivery(path=self.folder / path, content=content) for path, (content, _) in due.items()
        ]
        locked = {path.relative_to(self.folder).as_posix() for path in deliver(items)}
        placed = [
            replace(publication, sha256=hashlib.sha256(content).hexdigest())
            for path, (content, publication) in due.items()
            if path not in locked
        ]
        self.history.record_published(self.key, placed)
        self.before |= {each.path: each for each in placed}
        self.written += [self.folder / each.path for each in placed]
        return sorted(locked)

    def describe_held(self, names: Mapping[str, str]) -> dict[str, Publication]:
        """Describe workbooks of held rows as they are due: path → name of their file."""
        files = pd.Series(list(names.values()), dtype="str")
        tables = [
            table.rename(columns={"patient_id": "patient", "source_file": "patient_id"})
            for table in (self._judgement.held, self._judgement.issues)
        ]
        # Cells in conflict are marked by what other files say of the person.
        conflicts = self._judgement.held[self._judgement.held["code"].eq(CONFLICT)]
        others = pd.util.hash_pandas_object(conflicts.drop(columns="result_id"), index=False)
        basis = f"{self._basis}|{sorted(others)}"
        digests = digest_patients(files, tables, basis)
        return {
            path: self._since(
                Publication(
                    path=path,
                    subject="",
                    digest=digests[name],
                    changed_at=self.run.started_at,
                    run=self.run.number,
                )
            )
            for path, name in names.items()
        }

    def current_before(self) -> DataFrame[CurrentFindings]:
        """Give what stood by the worklist before, as far as reports were written since.

        Rules that were known under another id then go on under the one they have now.
        """
        last = self._last_worklist
        stood = unpack_current(
            pd.Series(
                {
                    each.subject: each.before if each.run > last else each.standing
                    for each in self.before.values()
                    if each.subject
                },
                dtype="str",
            )
        )
        former = self._judgement.knowledge.former_rules
        return CurrentFindings.require_columns(
            stood.assign(rule=stood["rule"].replace(dict(former)))
        )

    def note_worklist(self, path: str) -> None:
        """Note that the worklist is in place."""
        self.history.record_published(
            self.key,
            [
                Publication(
                    path=path,
                    subject="",
                    digest="",
                    changed_at=self.run.started_at,
                    run=self.run.number,
                    before=str(self._last_worklist),
                    standing=self.worklist_before.isoformat() if self.worklist_before else "",
                )
            ],
        )
        self.written.append(self.folder / path)

    def remove(self, paths: Iterable[str]) -> list[str]:
        """Take away what is not due any more; give the paths that are locked."""
        locked = []
        gone = []
        for path in sorted(paths):
            place = self.folder / path
            try:
                with suppress(FileNotFoundError), open_below(self.folder, place.parent) as folder:
                    folder.remove(place.name)
                gone.append(path)
            except (PermissionError, IsADirectoryError):
                locked.append(path)
            except OSError as error:
                raise OutputError(
                    f"a file cannot be removed in {place.parent}: {error.strerror}"
                ) from None
        reports = [self._take_back(path) for path in gone if self._is_report(path)]
        forgotten = [path for path, each in self.before.items() if self._was_reported(each)]
        self.history.forget_published(self.key, [*gone, *forgotten])
        self.history.record_published(self.key, reports)
        self.before = {path: each for path, each in self.before.items() if path not in gone}
        held = self.folder / "held"
        if held.is_dir() and not any(held.iterdir()):
            held.rmdir()
        if gone:
            sync_folder(self.folder)
        return locked

    def outputs(self) -> tuple[Output, ...]:
        """List the workbooks that stand there, with their hashes."""
        due = {*self.paths.values()}
        return tuple(
            Output(path=path, sha256=each.sha256)
            for path, each in sorted(self.before.items())
            if each.sha256 and (path in due or path.startswith("held/"))
        )

    @property
    def published_paths(self) -> set[str]:
        """Paths of what was published and not taken away."""
        return {path for path, each in self.before.items() if each.digest or not each.subject}

    def _is_report(self, path: str) -> bool:
        return path in self.before and bool(self.before[path].subject)

    def _take_back(self, path: str) -> Publication:
        """Describe a report that is not there any more: the next worklist still tells of it."""
        known = self.before[path]
        unread = known.run > self._last_worklist
        return replace(
            known,
            digest="",
            sha256="",
            standing="[]",
            before=known.before if unread else known.standing,
            run=self.run.number,
        )

    def _was_reported(self, each: Publication) -> bool:
        """Whether a report is gone, and a worklist has said so."""
        return bool(each.subject) and not each.digest and each.run <= self._last_worklist

    @property
    def worklist_before(self) -> datetime | None:
        """When the worklist before this one was made."""
        known = self.before.get(_WORKLIST)
        if known is None or known.run != self.run.number:
            return known.changed_at if known else None
        return datetime.fromisoformat(known.standing) if known.standing else None

    @property
    def _last_worklist(self) -> int:
        """Number of the run that wrote the worklist before this one."""
        known = self.before.get(_WORKLIST)
        if known is None:
            return 0
        return int(known.before) if known.run == self.run.number else known.run

    def _describe(self, patient: str) -> Publication:
        path = self.paths[patient]
        standing = self._standing.get(patient, "[]")
        return self._since(
            Publication(
                path=path,
                subject=patient,
                digest=self._digests[patient],
                changed_at=self.run.started_at,
                run=self.run.number,
                standing=standing,
            )
        )

    def _since(self, due: Publication) -> Publication:
        """Carry over from the publication before: since when, and what readers knew then."""
        known = self.before.get(due.path)
        if known is None:
            return due
        if known.digest.lstrip("?") == due.digest:
            return replace(due, changed_at=known.changed_at, run=known.run, before=known.before)
        # A report that no worklist has told of yet: readers know the one before it.
        unread = known.run > self._last_worklist
        return replace(due, before=known.before if unread else known.standing)


def list_suspended(assessment: Assessment, now: datetime) -> dict[str, datetime]:
    """List patient ids of which nothing is reported, and since when.

    For a conflict, since the day on which a second version of the person came; `now` where that
    is not known, and of those whose stored results were changed.
    """
    held = pd.DataFrame(assessment.held[assessment.held["code"].eq(CONFLICT)])
    reported = assessment.results["patient_id"]
    held = held[~held["patient_id"].isin(reported)]
    received = {file.name: file.received_at or now for file in assessment.dataset.files}
    said = held.assign(**describe_people(held), at=held["source_file"].map(received))
    came = said.groupby(["patient_id", *DETAILS], sort=True)["at"].min().reset_index()
    second = came.sort_values(["patient_id", "at"], kind="stable").groupby("patient_id").head(2)
    since = second.groupby("patient_id", sort=True)["at"].max()
    suspended = {str(patient): at for patient, at in since.items()}
    known = assessment.patients["patient_id"]
    return suspended | dict.fromkeys(known[known.isin(assessment.dataset.broken)], now)


def _tables_of(assessment: Assessment) -> list[pd.DataFrame]:
    """List the tables of which reports are made, each with `patient_id`."""
    hashes = {file.name: file.sha256 for file in assessment.dataset.files}
    results, held = assessment.results, assessment.held
    owner = pd.concat(
        [pd.Series(table["patient_id"].to_numpy(), table["result_id"]) for table in (results, held)]
    )
    owner = owner[~owner.index.duplicated()]
    of_results = assessment.issues.dropna(subset="result_id")
    # Of a file that holds nothing but cancelled results, no result has an owner.
    notes = of_results.assign(patient_id=look_up(of_results["result_id"].astype("int64"), owner))
    return [
        assessment.patients,
        results.assign(sha256=look_up(results["source_file"], hashes)),
        held.assign(sha256=look_up(held["source_file"], hashes)),
        notes,
        assessment.findings,
        assessment.evidence,
        assessment.selected.superseded,
        list_reported(assessment.observations),
    ]
