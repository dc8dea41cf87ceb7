"""The verbs that compare: two sets of rules on the same data, the rules with a truth."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import (
    EXISTING,
    FILE,
    NEW_FILE,
    ends_well,
    file_options,
    settings_of,
    show_progress,
)
from pipeline.errors import Exit
from pipeline.texts.counts import count_text

if TYPE_CHECKING:
    from pipeline.commands.batch import Batch
    from pipeline.review.accuracy import Share
    from pipeline.review.difference import Comparison

_DATA = click.option(
    "--on",
    "sources",
    metavar="DATA",
    type=EXISTING,
    multiple=True,
    help="File or folder of exports, as DATA; may be given several times.",
)
_COUNTS = (
    "before", "after", "both", "gained", "lost", "outcome", "reason", "grade", "status",
)  # fmt: skip


def _require_data(sources: tuple[Path, ...], more: tuple[Path, ...]) -> tuple[Path, ...]:
    if not sources and not more:
        raise click.UsageError("Name files or folders of exports as DATA.")
    return (*sources, *more)


@click.command("diff")
@click.argument("old")
@click.argument("new")
@_DATA
@click.argument("more", metavar="DATA...", nargs=-1, type=EXISTING)
@click.option(
    "-o", "--output", type=NEW_FILE, metavar="FILE.csv", help="Write every difference to a file."
)
@click.option("--patients", is_flag=True, help="Name the patients concerned.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@file_options
@ends_well
def diff_rules(
    old: str,
    new: str,
    sources: tuple[Path, ...],
    more: tuple[Path, ...],
    output: Path | None,
    patients: bool,
    as_json: bool,
    config: Path | None,
    **options: object,
) -> None:
    """Interpret the same data by OLD and by NEW and count what differs.

    OLD and NEW are profiles (names or files), or folders laid over the rules.
    Exit 0 if nothing differs, 1 if something does.
    """
    from pipeline.commands.run import check_batch
    from pipeline.review.difference import compare_interpretations

    data = _require_data(sources, more)
    before, after = (
        check_batch(
            data,
            settings_of(config, **{**options, **_rules_named(name)}),
            clock=datetime.now,
            progress=show_progress,
        )
        for name in (old, new)
    )
    if not before.accounts.readable_files:
        click.echo("No file could be read.", err=True)
        sys.exit(Exit.NOTHING_READABLE)
    comparison = compare_interpretations(before.assessment, after.assessment)
    if output is not None:
        from pipeline.files.durable import write_text
        from pipeline.publish.csv_text import csv_text

        write_text(csv_text(comparison.differences), output)
    if as_json:
        click.echo(json.dumps(_as_json(comparison, before, after, patients=patients), indent=2))
    else:
        _print(comparison, before, after, patients=patients)
        if output is not None:
            click.echo(f"Every difference: {output}")
    differs = len(comparison.differences) or comparison.patients_moved
    sys.exit(Exit.HELD if differs else Exit.DONE)


@click.command("evaluate")
@click.argument("truth", type=FILE)
@_DATA
@click.argument("more", metavar="DATA...", nargs=-1, type=EXISTING)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@file_options
@ends_well
def evaluate_rules(
    truth: Path,
    sources: tuple[Path, ...],
    more: tuple[Path, ...],
    as_json: bool,
    config: Path | None,
    **options: object,
) -> None:
    """Compare what the rules find with what is known: TRUTH has patient_id, rule, truth (yes, no).

    A column accession makes a line be about that specimen, otherwise it is about the patient.
    """
    from pipeline.commands.context import knowledge_of
    from pipeline.commands.run import check_batch
    from pipeline.review.accuracy import evaluate_truth, read_truth

    data = _require_data(sources, more)
    settings = settings_of(config, **options)
    known = read_truth(truth, settings.encoding, knowledge_of(settings))
    batch = check_batch(data, settings, clock=datetime.now, progress=show_progress)
    if not batch.accounts.readable_files:
        click.echo("No file could be read.", err=True)
        sys.exit(Exit.NOTHING_READABLE)
    found = evaluate_truth(known, batch.assessment)
    if as_json:
        shares = ("sensitivity", "specificity", "review_rate")
        told = [
            {**asdict(each), **{name: asdict(getattr(each, name)) for name in shares}}
            for each in found
        ]
        click.echo(json.dumps(told, indent=2))
        return
    width = max(map(len, [*(each.rule for each in found), "rule"]))
    click.echo(
        f"{'rule':<{width}}    TP    FP    FN    TN  indet.  not tested  not found  "
        f"{'sensitivity':<23}{'specificity':<23}review rate"
    )
    for each in found:
        click.echo(
            f"{each.rule:<{width}} {each.true_positive:>5} {each.false_positive:>5} "
            f"{each.false_negative:>5} {each.true_negative:>5} "
            f"{each.indeterminate_yes + each.indeterminate_no:>7} {each.not_tested:>11} "
            f"{each.not_found:>10}  {_percent(each.sensitivity):<23}"
            f"{_percent(each.specificity):<23}{_percent(each.review_rate)}"
        )


def _rules_named(name: str) -> dict[str, object]:
    folder = Path(name)
    # Reports may lie in a folder that is called like a profile.
    is_folder = folder.is_dir() and any(folder.rglob("*.toml"))
    return {"knowledge": folder} if is_folder else {"profile": name}


def _as_json(
    comparison: "Comparison", before: "Batch", after: "Batch", *, patients: bool
) -> dict[str, object]:
    told: dict[str, object] = {
        "before": _version(before),
        "after": _version(after),
        "rules": [asdict(rule) for rule in comparison.rules],
        "patients": {
            "seen": comparison.patients_seen,
            "differ": len(comparison.patients),
            "moved": comparison.patients_moved,
        },
    }
    if patients:
        told["differ"] = json.loads(comparison.patients.to_json(orient="records"))
    return told


def _version(batch: "Batch") -> dict[str, str]:
    return {"profile": batch.knowledge.profile.id, "knowledge_version": batch.knowledge.version}


def _print(comparison: "Comparison", before: "Batch", after: "Batch", *, patients: bool) -> None:
    for side, batch in (("Before", before), ("After", after)):
        said = _version(batch)
        click.echo(f"{side + ':':<8}profile {said['profile']}, {said['knowledge_version']}")
    width = max((len(rule.rule) for rule in comparison.rules), default=4)
    click.echo(f"{'rule':<{width}} " + " ".join(f"{name:>8}" for name in _COUNTS))
    for rule in comparison.rules:
        counts = " ".join(f"{getattr(rule, name):>8}" for name in _COUNTS)
        click.echo(f"{rule.rule:<{width}} {counts}")
    click.echo(
        f"{len(comparison.patients)} of {count_text(comparison.patients_seen, 'patient')} differ; "
        f"{comparison.patients_moved} of them in the class of the worklist."
    )
    if patients:
        for row in comparison.patients.itertuples(index=False):
            patient, was, is_, gained, lost, count = map(str, row)
            told = [f"class {was} -> {is_}", f"{count} differences"]
            told += [f"gained {gained}"] * bool(gained) + [f"lost {lost}"] * bool(lost)
            click.echo(f"  {patient}: {', '.join(told)}")


def _percent(share: "Share") -> str:
    if share.value is None or share.low is None or share.high is None:
        return "-"
    return f"{share.value:.1%} ({share.low:.1%}-{share.high:.1%})"
