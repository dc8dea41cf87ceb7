"""The verbs that look at the rules."""

from pathlib import Path

import click

from pipeline.cli.shared import ends_well, knowledge_options


@click.group()
def rules() -> None:
    """Look at the rules: limits, ages, units, sources."""


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
