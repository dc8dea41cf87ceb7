"""The verb that says why; it prints values, because it is asked to."""

import json
from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.options import (
    ends_well,
    file_options,
    settings_of,
    show_progress,
    sources_argument,
)


@click.command()
@click.argument("patient")
@sources_argument
@click.option("--rule", default="", metavar="RULE", help="Explain this rule only.")
@click.option("--accession", default="", metavar="ID", help="Explain this accession only.")
@click.option("--json", "as_json", is_flag=True, help="Print the tree as JSON.")
@file_options
@ends_well
def explain(
    patient: str,
    sources: tuple[Path, ...],
    rule: str,
    accession: str,
    as_json: bool,
    config: Path | None,
    **options: object,
) -> None:
    """Say why each rule says what it says of PATIENT: inputs, units, limits, truth, comments.

    Prints the patient's results on the terminal and writes nothing.
    """
    from pipeline.commands.explain import explain_batch

    settings = settings_of(config, **options)
    nodes = explain_batch(
        patient,
        sources,
        settings,
        rule=rule,
        accession=accession,
        clock=datetime.now,
        progress=show_progress,
    )
    if not nodes:
        raise click.UsageError("Nothing of this patient, or of this accession, was read.")
    if as_json:
        click.echo(json.dumps([node.as_json() for node in nodes], indent=2, ensure_ascii=False))
        return
    for node in nodes:
        for line in node.lines():
            click.echo(line)
