"""What stands in place of a report that cannot be made: nothing is reported, and why.

That is of a patient id in conflict, and of a patient whose stored results were changed.

Nothing else tells whoever opens the report of yesterday that it is not to be relied on, and no
report goes without a word.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from openpyxl import Workbook

from pipeline.reconcile.person_versions import CONFLICT, list_versions
from pipeline.report.excel.sheet import (
    Column,
    Entry,
    add_sheet,
    name_cell,
    put,
    put_table,
    start_workbook,
)
from pipeline.report.excel.style import LETTERHEAD, PLAIN, SECTION, TITLE, VERDICT, Look, Styler
from pipeline.report.report_model import RunInfo
from pipeline.report.wording import show_date
from pipeline.report.worklist.identity_sheet import tabulate_versions
from pipeline.texts import LANGUAGES
from schemas import DataFrame, Held


def render_notice(patient: str, since: datetime, held: DataFrame[Held], run: RunInfo) -> Workbook:
    """Render the notice on a patient id in conflict.

    Args:
        patient: The id.
        since: When the version came that contradicts.
        held: All held results; those of the id with its versions.
        run: The run of the last change.
    """
    texts = LANGUAGES[run.language]
    concerned = Held.require_columns(
        held[held["patient_id"].eq(patient) & held["code"].eq(CONFLICT)]
    )
    (hold,) = list_versions(concerned)["hold"].unique()
    return _render(
        patient,
        run,
        heads=(
            (texts("notice.verdict", day=show_date(since, texts)), VERDICT),
            (texts("notice.earlier"), PLAIN),
            (texts("notice.versions"), SECTION),
        ),
        table=("Conflicts", *tabulate_versions(concerned, concerned, texts)),
        tails=(texts.problem(CONFLICT)[1], texts("notice.commands", hold=hold)),
    )


def render_changed(
    patient: str, held: DataFrame[Held], changed: Collection[str], run: RunInfo
) -> Workbook:
    """Render the notice on a patient whose stored results were changed from outside.

    Args:
        patient: The id.
        held: All held results; those of the patient with their files.
        changed: The files whose results were changed.
        run: The run of the last change.
    """
    texts = LANGUAGES[run.language]
    concerned = held[held["patient_id"].eq(patient) & held["code"].eq("seal-broken")]
    titles = texts.heads("notice.changed-heads")
    columns = [
        Column(title=title, most=width) for title, width in zip(titles, (60, 60), strict=True)
    ]
    again, nothing = texts("notice.changed-again"), texts("notice.changed-nothing")
    rows = [
        [Entry(name, PLAIN), Entry(again if name in changed else nothing, PLAIN)]
        for name in sorted(concerned["source_file"].unique())
    ]
    return _render(
        patient,
        run,
        heads=(
            (texts("notice.changed"), VERDICT),
            (texts("notice.changed-earlier"), PLAIN),
            (texts("notice.changed-files"), SECTION),
        ),
        table=("Files", columns, rows),
        tails=(),
    )


def _render(
    patient: str,
    run: RunInfo,
    *,
    heads: Sequence[tuple[str, Look]],
    table: tuple[str, list[Column], list[list[Entry]]],
    tails: Sequence[str],
) -> Workbook:
    """Render a notice: letterhead, what is so, a table, what to do."""
    texts = LANGUAGES[run.language]
    title = texts("report" if run.laboratory else "worksheet")
    book, styler = start_workbook(title, texts.language), Styler(texts)
    footer = texts("footer", patient=patient)
    lines = [
        *([(run.laboratory, LETTERHEAD)] if run.laboratory else []),
        *((each, PLAIN) for each in (run.address, run.contact) if each),
        (title, TITLE),
        (footer, SECTION),
        *heads,
    ]
    sheet = add_sheet(book, texts("sheet.summary"), footer, texts, repeat=f"1:{len(lines) + 1}")
    for row, (text, look) in enumerate(lines, 1):
        put(sheet, styler, row, 1, Entry(text, look))
        if look is VERDICT:
            name_cell(book, "Verdict", sheet, row, 1)
    top = len(lines) + 1
    sheet.freeze_panes = f"A{top + 1}"
    name, columns, rows = table
    row = put_table(sheet, styler, top, name, columns, rows, texts=texts)
    made = texts(
        "notice.made", version=run.version, made=show_date(run.run_at, texts, has_time=True)
    )
    for text in (*tails, texts("basis.support"), made):
        put(sheet, styler, row, 1, Entry(text, PLAIN))
        row += 1
    return book
