"""The verbs that look at the rules."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from pipeline.cli.options import ends_well, knowledge_options
from pipeline.errors import Exit


@click.group()
def rules() -> None:
    """Look at the rules: limits, ages, units, sources; try the cases beside them."""


@rules.command("list")
@knowledge_options
@ends_well
def list_rules(knowledge: Path | None, profile: str) -> None:
    """List the rules, a line each."""
    from pipeline.knowledge.describe import rule_lines
    from pipeline.knowledge.load import load_knowledge

    for line in rule_lines(load_knowledge(knowledge, profile)):
        click.echo(line)


@rules.command("show")
@click.argument("rule")
@knowledge_options
@ends_well
def show_rule(rule: str, knowledge: Path | None, profile: str) -> None:
    """Show one rule whole: conditions, limits by age and sex, wording as published, sources."""
    from pipeline.knowledge.describe import describe_rule
    from pipeline.knowledge.load import load_knowledge

    for line in describe_rule(rule, load_knowledge(knowledge, profile)):
        click.echo(line)


@rules.command("document")
@ends_well
def document_rules() -> None:
    """Write everything that ships as a Markdown page: rules, limits, worklist, profiles."""
    from pipeline.knowledge.rules_page import rules_page

    click.echo(rules_page(), nl=False)


@rules.command("test")
@knowledge_options
@click.option(
    "--mutants", is_flag=True, help="Also make the rules wrong, a number at a time: who notices?"
)
@click.option("--json", "as_json", is_flag=True, help="Print what became of each rule as JSON.")
@ends_well
def test_rules(knowledge: Path | None, profile: str, mutants: bool, as_json: bool) -> None:
    """Try the cases beside each rule; exit 1 if one does not hold.

    Cases are pipe tables, cases/RULE.txt beside the rules or in the folder of --knowledge.
    """
    from pipeline.review.trial import try_rules

    trials = try_rules(knowledge, profile)
    if as_json:
        click.echo(json.dumps([asdict(trial) for trial in trials], indent=2, ensure_ascii=False))
    else:
        width = max(len(trial.rule) for trial in trials)
        for trial in trials:
            failed = f", {len(trial.failures)} failed" if trial.failures else ""
            counts = f"{trial.passed:>4} passed{failed}"
            click.echo(f"{trial.rule:<{width}}  {trial.not_tried or counts}")
            for failure in trial.failures:
                click.echo(
                    f"    {failure.file}:{failure.line}: {failure.answer} is {failure.found!r}, "
                    f"its case says {failure.expected!r}  ({failure.given})"
                )
    if mutants and not as_json:
        _try_mutants(knowledge, profile)
    sys.exit(Exit.HELD if any(trial.failures for trial in trials) else Exit.DONE)


def _try_mutants(knowledge: Path | None, profile: str) -> None:
    """Name each number and sign that could be wrong without any case failing."""
    from pipeline.review.mutants import try_mutants
    from pipeline.review.trial import applying_cases

    survived = tried = 0
    for verdict in try_mutants(*applying_cases(knowledge, profile)):
        tried += 1
        if not verdict.killed_by:
            survived += 1
            click.echo(f"nobody notices: {verdict.what}")
    click.echo(f"{tried} mutants: {tried - survived} killed, {survived} survived")
