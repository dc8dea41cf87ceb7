"""What stands in place of the report of a patient id in conflict: nothing is reported, and why.

Nothing else tells whoever opens the report of yesterday that it is not to be relied on, and no
report goes without a word.
"""

from datetime import datetime

from openpyxl import Workbook

from pipeline.ingest.versions import CONFLICT, list_versions
from pipeline.issues.catalogue import CATALOGUE
from pipeline.report.conflicts import tabulate_versions
from pipeline.report.facts import RunFacts
from pipeline.report.sheet import Entry, add_sheet, name_cell, put, put_table, start_workbook
from pipeline.report.style import LETTERHEAD, PLAIN, SECTION, TITLE, VERDICT, Styler
from pipeline.report.texts import LANGUAGES
from pipeline.report.wording import show_date
from schemas import DataFrame, Held


def render_notice(patient: str, since: datetime, held: DataFrame[Held], run: RunFacts) -> Workbook:
    """Render the notice on a patient id in conflict.

    Args:
        patient: The id.
        since: When the version came that contradicts.
        held: All held results; those of the id with its versions.
        run: The run of the last change.
    """
    texts = LANGUAGES[run.language]
    title = texts("report" if run.laboratory else "worksheet")
    book, styler = start_workbook(title, texts.language), Styler(texts)
    concerned = Held.validate(held[held["patient_id"].eq(patient) & held["code"].eq(CONFLICT)])
    day, footer = show_date(since, texts), texts("footer", patient=patient)
    (hold,) = list_versions(concerned)["hold"].unique()
    lines = [
        *([(run.laboratory, LETTERHEAD)] if run.laboratory else []),
        *((each, PLAIN) for each in (run.address, run.contact) if each),
        (title, TITLE),
        (footer, SECTION),
        (texts("notice.verdict", day=day), VERDICT),
        (texts("notice.earlier"), PLAIN),
        (texts("notice.versions"), SECTION),
    ]
    sheet = add_sheet(book, texts("sheet.summary"), footer, texts, repeat=f"1:{len(lines) + 1}")
    for row, (text, look) in enumerate(lines, 1):
        put(sheet, styler, row, 1, Entry(text, look))
        if look is VERDICT:
            name_cell(book, "Verdict", sheet, row, 1)
    columns, rows = tabulate_versions(concerned, concerned, texts)
    top = len(lines) + 1
    sheet.freeze_panes = f"A{top + 1}"
    row = put_table(sheet, styler, top, "Conflicts", columns, rows, texts=texts)
    made = texts(
        "notice.made", version=run.version, made=show_date(run.run_at, texts, has_time=True)
    )
    for text in (
        texts.problem(CATALOGUE[CONFLICT])[1],
        texts("notice.commands", hold=hold),
        texts("basis.support"),
        made,
    ):
        put(sheet, styler, row, 1, Entry(text, PLAIN))
        row += 1
    return book
