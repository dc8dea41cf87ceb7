"""What a run tells on the terminal: counts and places; cells only where they were asked for."""

import json
from typing import TYPE_CHECKING

import click

from pipeline.cli.worklist_news import print_worklist
from pipeline.files.file_kinds import SUFFIXES
from pipeline.texts.cells import show_cell
from pipeline.texts.counts import count_text, noun_for

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.commands.batch import Batch
    from pipeline.config import Settings
    from pipeline.report.held_rows.cell_texts import CellsOfPlace, CellTexts

_PLACES = 3  # places named for each kind of problem, unless -v asks for all


def print_problems(batch: "Batch", *, verbose: bool) -> None:
    """Group what is wrong by file, kind and column; name the first places."""
    issues = batch.issues
    concerned = {file.name for file in batch.files} | set(batch.unreachable)
    is_of_run = issues["source_file"].isin(concerned)
    earlier, issues = int((~is_of_run).sum()), issues[is_of_run]
    for (file, code, message), group in issues.groupby(
        ["source_file", "code", "message"], sort=False
    ):
        # Results of one cell, such as a date, share it: it is named once.
        group = (
            group.drop_duplicates(["sheet", "row", "column"])
            if group["row"].notna().all()
            else group
        )
        places = _cell_locations(group, batch.cells, all_of_them=verbose)
        count = f"{len(group)} x " if len(group) > 1 else ""
        click.echo(f"{file}: {count}{code}: {message}{places}")
    if earlier:
        problems, verb = count_text(earlier, "more problem"), "is" if earlier == 1 else "are"
        click.echo(f"{problems} {verb} of files received earlier: see issues.csv.")
    if batch.passed_over:
        names = batch.passed_over if verbose else batch.passed_over[:_PLACES]
        more = len(batch.passed_over) - len(names)
        tail = f" and {more} more (-v names all)" if more else ""
        click.echo(f"Passed over, no kind of file that labflag reads: {', '.join(names)}{tail}.")


def list_problems(batch: "Batch") -> list[dict[str, object]]:
    """List every problem for another program, with its cells where they were asked for."""
    columns = ["source_file", "sheet", "row", "column", "code"]
    problems = json.loads(batch.issues.drop(columns="result_id").to_json(orient="records"))
    for problem in problems:
        place = tuple(problem[name] for name in columns)
        if place in batch.cells:
            problem["cells"] = dict(batch.cells[place])
    return list(problems)


def _cell_locations(group: "pd.DataFrame", cells: "CellTexts", *, all_of_them: bool) -> str:
    rows = group.dropna(subset="row")
    if rows.empty:
        return ""
    shown = rows if all_of_them else rows.head(_PLACES)
    columns = ["source_file", "sheet", "row", "column", "code"]
    named = [
        f"{f'{sheet}!' if sheet else ''}{row}"
        f"{_name_cells(column, cells.get((file, sheet, int(row), column, code), ()))}"
        for file, sheet, row, column, code in shown[columns].itertuples(index=False)
    ]
    more = len(rows) - len(shown)
    return f"\n    row {', '.join(named)}{f' and {more} more (-v names all)' if more else ''}"


def _name_cells(column: str, cells: "CellsOfPlace") -> str:
    """Name the column of a problem, or each cell that it may lie in with what stands there."""
    shown = ", ".join(f"{header} {show_cell(text)}".strip() for header, text in cells)
    return f" ({shown or column})" if shown or column else ""


def print_summary(
    batch: "Batch", settings: "Settings | None", *, wrote: bool, read: bool = True
) -> None:
    """Print what became of a run; `read` is whether it was asked to read files."""
    accounts = batch.accounts
    if batch.is_withheld:
        click.echo("THE STOP SWITCH IS ON (hold_all): results are stored, NO REPORT IS WRITTEN.")
    if not accounts.files:
        if read and not batch.still_withdrawn:
            click.echo(f"Nothing to do: no exports found ({', '.join(SUFFIXES)}).")
    elif settings is not None and not accounts.readable_files:
        click.echo("No file could be read: no result was added, and earlier reports stand.")
    if batch.issues["code"].eq("file-changed").any():
        concerned = count_text(len(batch.dataset.broken), "patient")
        click.echo(
            f"STORED RESULTS WERE CHANGED FROM OUTSIDE, {concerned}: nothing of them is reported. "
            "`labflag audit verify` says where, issues.csv what to do."
        )
    if batch.history:
        click.echo(batch.history)
    if accounts.files:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in accounts.dispositions().items())
        files, results = count_text(accounts.files, "file"), count_text(accounts.read, "result")
        click.echo(f"{files}, {results} read: {counts}.")
    counting = batch.known - batch.still_withdrawn
    if counting:
        click.echo(f"{counting} of the files had been received before; they count once.")
    if batch.still_withdrawn:
        files = count_text(batch.still_withdrawn, "file")
        click.echo(
            f"Taken back earlier, so not used: {files}. To use one again: "
            "labflag withdraw --undo FILE."
        )
    if not accounts.files and not wrote:
        return
    patients = batch.assessment.patients["priority"].value_counts()
    for priority in batch.knowledge.priorities:
        count = int(patients.get(priority.rank, 0))
        if count:
            noun = noun_for(count, "patient")
            click.echo(f"  {count:>6,} {noun:<8}  {priority.rank} {priority.title}")
    listed = batch.assessment.patients
    for name, what in (
        ("for_information", "of these for information, on a sheet of their own"),
        ("in_conflict", "of these in an identity conflict, open until decided"),
    ):
        count = int(listed[name].sum())
        if count:
            click.echo(f"  {count:>6,} {what}")
    reports = [path for path in batch.locked if path != "worklist.xlsx"]
    if reports:
        locked = count_text(len(reports), "file")
        click.echo(
            f"Open in another program, so left as before: {locked}. The next run tries again; "
            '"locked" in manifest.json lists them.'
        )
    print_worklist(batch.worklist)
    if settings is not None and wrote:
        click.echo(f"Worklist: {settings.output / 'worklist.xlsx'}")
        click.echo(f"Reports:  {settings.output / 'patients'}")
        if accounts.held and (settings.output / "held").is_dir():
            click.echo(f"Held:     {settings.output / 'held'} (correct the rows, hand them back)")


def counts_of(batch: "Batch") -> dict[str, int]:
    counts = {str(kind): count for kind, count in batch.accounts.dispositions().items()}
    return {"read": batch.accounts.read, **counts}
