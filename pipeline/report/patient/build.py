"""The rows of one patient → a `PatientReport`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline.knowledge.model import Knowledge
from pipeline.report.cited import Cited, CitedResults
from pipeline.report.patient import summary
from pipeline.report.patient.finding_evidence import (
    TOLD,
    Wording,
    list_citations,
    list_evidence,
    source_ref_of,
)
from pipeline.report.patient.interference_lines import describe_interference
from pipeline.report.patient.patient_rows import (
    Finding,
    HeldResult,
    PatientRows,
    QualitativeResult,
    ReportedResult,
)
from pipeline.report.patient.priority import describe_priorities
from pipeline.report.patient.qualitative_results import (
    Done,
    describe_qualitative,
    source_ref_of_qualitative,
)
from pipeline.report.patient.scope import NOTHING_FOUND, describe_scope
from pipeline.report.patient.since_last import Since
from pipeline.report.patient.treatment_course import show_course
from pipeline.report.patient.trends import list_trends
from pipeline.report.patient.undecided import describe_not_tested, describe_undecided
from pipeline.report.report_model import (
    FileUse,
    FindingRow,
    PatientReport,
    ResultRow,
    RunInfo,
    SourceRef,
)
from pipeline.report.wording import (
    describe_comments,
    describe_rules,
    distinct,
    latest_of,
    show_date,
    show_rows,
)
from pipeline.texts import LANGUAGES
from schemas.joined_codes import split_codes
from schemas.vocabulary import Confirmation, Outcome, Reason


class ReportBuilder:
    """Every table at hand, cut by patient; the report of one is put together from its rows."""

    def __init__(
        self,
        *,
        results: PatientRows,
        held: PatientRows,
        findings: PatientRows,
        current: PatientRows,
        cited: CitedResults,
        said: PatientRows | None,
        doubts: PatientRows | None,
        doubts_cited: CitedResults,
        changes: Mapping[tuple[str, str], Since],
        former: Mapping[int, str],
        knowledge: Knowledge,
        run: RunInfo,
        changed_at: Mapping[str, datetime],
    ) -> None:
        self.results, self.held = results, held
        self.findings, self.current, self.cited = findings, current, cited
        self.said, self.doubts, self.doubts_cited = said, doubts, doubts_cited
        self.knowledge, self.run = knowledge, run
        self.former, self.changed_at = former, changed_at
        self.texts = LANGUAGES[run.language]
        self.converts = run.units_display != summary.AS_REPORTED
        self.wording = Wording(knowledge=knowledge, texts=self.texts, converts=self.converts)
        self.rules = describe_rules(knowledge, self.texts)
        self.changes: dict[str, dict[str, Since]] = defaultdict(dict)
        for (patient, rule), since in changes.items():
            self.changes[patient][rule] = since
        self.hashes = dict(run.files)
        self.critical = {rule.id for rule in knowledge.critical_rules()}
        self.priorities = describe_priorities(knowledge)
        self.calculations = {
            each.id: " ".join(describe_comments(each.comment, knowledge))
            for each in knowledge.derived
        }

    def assemble(
        self,
        position: int,
        patient_id: str,
        name: str,
        sex: str,
        birth_date: datetime | None,
        age: str,
        adults_assumed: bool,
        rank: int,
        reasons: str,
        judged: str,
        not_judged: str,
        no_upper: str,
    ) -> PatientReport:
        texts = self.texts
        scope = {"judged": judged, "not_judged": not_judged, "no_upper": no_upper}
        run = replace(self.run, run_at=self.changed_at.get(patient_id, self.run.run_at))
        reported: list[ReportedResult] = self.results.of(position)
        held: list[HeldResult] = self.held.of(position)
        said: list[QualitativeResult] = self.said.of(position) if self.said else []
        by_source = {source_ref_of(row): row for row in reported}
        measured = _analytes_by_specimen(reported)
        done = Done(measured, said, self.knowledge.join.days)
        cited = self.cited.of(patient_id)
        findings = [
            self._finding(row, cited.get((row.accession, row.rule), ()), by_source, done)
            for row in self.findings.of(position)
            # A value that is not critical is told by the rule that stands beside this one.
            if row.outcome == Outcome.PRESENT or row.rule not in self.critical
        ]
        current = [
            self._finding(row, cited.get((row.accession, row.rule), ()), by_source, done)
            for row in self.current.of(position)
        ]
        marks = list_citations(self.findings.of(position), cited, self.rules, texts)
        changes = self.changes.get(patient_id, {})
        present = summary.describe_present(
            current, split_codes(reasons), self.priorities[rank], changes, texts
        )
        undecided = describe_undecided(
            current, measured, _analytes_by_specimen(held), self.knowledge, texts
        )
        everything: list[ReportedResult | HeldResult | QualitativeResult] = [
            *reported,
            *held,
            *said,
        ]
        latest = latest_of(row.collected_at for row in everything)
        rows = [self._result(row, marks.get(source_ref_of(row), ())) for row in reported]
        rows += [
            describe_qualitative(
                row, marks.get(source_ref_of_qualitative(row), ()), self.knowledge, texts
            )
            for row in said
        ]
        rows += map(self._held, held)
        return PatientReport(
            patient_id=patient_id,
            name=name,
            sex=summary.describe_sex(sex, texts),
            birth_date=birth_date,
            age=age,
            latest=show_date(latest, texts) or texts("not-stated"),
            verdict=summary.describe_verdict(
                current,
                present,
                undecided,
                len(held),
                self.priorities[rank],
                texts,
                describe_scope(
                    scope,
                    self.knowledge,
                    texts,
                    is_enough=rank == NOTHING_FOUND or bool(undecided or held),
                ),
            ),
            present=present,
            resolved=summary.describe_resolved(current, changes, texts),
            undecided=undecided,
            not_tested=describe_not_tested(findings, self.rules, measured, self.knowledge, texts),
            held=summary.describe_held((row.code for row in held), texts),
            basis=summary.describe_basis(
                run,
                self.knowledge,
                sex,
                texts,
                adults_assumed=adults_assumed,
                finding_count=len(findings),
            ),
            findings=tuple(findings),
            results=tuple(_newest_first(rows) if held or said else rows),
            trends=list_trends(reported, findings, self.knowledge, texts, converts=self.converts),
            files=self._files([*reported, *said], held),
            citations=distinct(each for row in findings for each in row.rule.citations),
            profile=self.knowledge.profile.title,
            run=run,
            artifacts=describe_interference(
                self.doubts.of(position) if self.doubts else (),
                self.doubts_cited.of(patient_id),
                current,
                self.knowledge,
                texts,
            ),
        )

    def _finding(
        self,
        row: Finding,
        cited: Sequence[Cited],
        by_source: Mapping[SourceRef, ReportedResult],
        done: Done,
    ) -> FindingRow:
        rule = self.rules[row.rule]
        is_present = row.outcome == Outcome.PRESENT
        comments = split_codes(row.comment)
        before = self.knowledge.join.before_start
        known = {before.analyte} if before and before.comment in comments else set()
        return FindingRow(
            rule=rule,
            collected_at=row.collected_at,
            has_time=row.collected_precision == "time",
            accession=row.accession,
            outcome=Outcome(row.outcome),
            reasons=tuple(Reason(reason) for reason in split_codes(row.reason)),
            grade=row.grade,
            unconfirmed=row.status == Confirmation.UNCONFIRMED,
            evidence=tuple(list_evidence(row.outcome, rule, cited, by_source, self.wording)),
            comments=describe_comments(comments, self.knowledge),
            suggest=tuple(
                name
                for needed, name in rule.suggest
                if not needed
                or not done.covers(set(needed) - known, row.accession, row.collected_at)
            )
            if is_present
            else (),
            source_file="; ".join(each.source_file for each in cited),
            source_sheet="; ".join(each.source_sheet for each in cited),
            source_row="; ".join(str(each.source_row) for each in cited),
            course=show_course(cited, self.knowledge, self.texts) if is_present else "",
        )

    def _result(self, row: ReportedResult, marks: Iterable[str]) -> ResultRow:
        texts = self.texts
        calculated = self.calculations.get(row.derived, "")
        comment = texts("results.comment", comment=row.comment) if row.comment else ""
        return ResultRow(
            collected_at=row.collected_at,
            has_time=row.collected_precision == "time",
            accession=row.accession,
            analyte=self.knowledge.analytes[row.analyte].title,
            is_held=False,
            comparator=row.comparator,
            value=row.original_value,
            decimals=row.decimals,
            unit=row.original_unit,
            low=row.reference_low,
            high=row.reference_high,
            flag_sent=row.flag,
            flag=texts.entries.get(f"flag.{row.computed}", row.computed),
            converted=row.converted,
            converted_decimals=row.converted_decimals,
            converted_unit=row.converted_unit,
            findings="; ".join(marks),
            remark=" ".join(filter(None, [calculated, row.notes, comment])),
            as_written=row.original_text if not row.derived else "",
            source_file=row.source_file,
            source_sheet=row.source_sheet,
            source_row=row.source_row,
            status=texts(f"status.{'calculated' if row.derived else row.status}"),
            is_provisional=row.status in TOLD,
            corrected_from=self.former.get(row.result_id, ""),
            place=source_ref_of(row),
        )

    def _held(self, row: HeldResult) -> ResultRow:
        name, known = row.analyte, self.knowledge
        subject = known.analytes.get(name) or known.observations.get(name)
        return ResultRow(
            collected_at=row.collected_at,
            has_time=row.collected_precision == "time",
            accession=row.accession,
            analyte=subject.title if subject else self.texts("results.not-recognized"),
            is_held=True,
            remark=self.texts.message(row.code),
            source_file=row.source_file,
            source_sheet=row.source_sheet,
            source_row=row.source_row,
        )

    def _files(
        self, reported: Iterable[ReportedResult | QualitativeResult], held: Iterable[HeldResult]
    ) -> tuple[FileUse, ...]:
        used, aside = defaultdict(list), defaultdict(list)
        for row in reported:
            if isinstance(row, QualitativeResult) or not row.derived:
                used[row.source_file, row.source_sheet].append(row.source_row)
        for kept in held:
            aside[kept.source_file, kept.source_sheet].append(kept.source_row)
        return tuple(
            FileUse(
                name=name,
                sheet=sheet,
                sha256=self.hashes.get(name, ""),
                used=len(used[name, sheet]),
                held=len(aside[name, sheet]),
                rows=show_rows([*used[name, sheet], *aside[name, sheet]], texts=self.texts),
            )
            for name, sheet in sorted({*used, *aside})
        )


def _analytes_by_specimen(
    rows: Iterable[ReportedResult | HeldResult],
) -> Mapping[str, set[str]]:
    analytes: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        analytes[row.accession].add(row.analyte)
    return analytes


def _newest_first(rows: list[ResultRow]) -> list[ResultRow]:
    """Held results among the others; those without a date at the end."""
    return sorted(
        rows,
        key=lambda row: (row.collected_at or datetime.min, row.accession != "", row.accession),
        reverse=True,
    )
