"""The verbs of a site that runs unattended: init, doctor, audit."""

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.shared import FILE, ends_well, output_option, settings_of
from pipeline.errors import Exit

config_option = click.option(
    "--config", type=FILE, metavar="FILE", help="Configuration.  [default: labflag.toml]"
)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@ends_well
def init(folder: Path) -> None:
    """Make the folder of a site: inbox, archive, reports, a labflag.toml with comments.

    Prints the lines that start a run every ten minutes.
    """
    from pipeline.operations.site import make_site

    site = make_site(folder)
    click.echo(f"Made {site.folder}: drop exports into {site.folder / 'inbox'}.")
    click.echo("\nTo run every ten minutes, add this line with `crontab -e`:")
    click.echo(f"  {site.cron_line}")
    click.echo("or, on Windows, run this once:")
    click.echo(f"  {site.task_line}")
    click.echo("or leave this running:")
    click.echo(f"  {site.watch_line}")


@click.command()
@config_option
@output_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@ends_well
def doctor(config: Path | None, output: Path | None, as_json: bool) -> None:
    """Look at everything that a run needs; name each fault and its cure.

    Ends with exit code 1 if there is one.
    """
    from pipeline.operations.doctor import examine_site

    settings = settings_of(config, output=output)
    checks = list(examine_site(settings, datetime.now))
    if as_json:
        listed = [
            {"subject": each.subject, "well": each.is_well, "said": each.said, "cure": each.cure}
            for each in checks
        ]
        click.echo(json.dumps(listed, indent=2))
    else:
        for each in checks:
            click.echo(f"{'ok   ' if each.is_well else 'FAULT'} {each.subject}: {each.said}")
            if not each.is_well:
                click.echo(f"      {each.cure}")
    sys.exit(Exit.DONE if all(each.is_well for each in checks) else Exit.HELD)


@click.group()
def audit() -> None:
    """Look at the log of what was done."""


@audit.command("verify")
@config_option
@output_option
@click.option(
    "--names", is_flag=True, help="Name the files, whose names may hold patients' identifiers."
)
@ends_well
def verify(config: Path | None, output: Path | None, names: bool) -> None:
    """Find every line of the log and every report that was changed, removed or added.

    Ends with exit code 1 if there is one.
    """
    from pipeline.operations.audit import verify_site

    faults = list(verify_site(settings_of(config, output=output).output))
    for fault in faults:
        place = f": {fault.path}" if names and fault.path else ""
        click.echo(f"{'note ' if fault.is_note else 'FAULT'} {fault.what}{place}")
    if any(fault.path for fault in faults) and not names:
        click.echo("--names says which files; their names may hold patients' identifiers.")
    found = [fault for fault in faults if not fault.is_note]
    click.echo(f"{len(found)} faults." if found else "The log and the reports are as written.")
    sys.exit(Exit.HELD if found else Exit.DONE)
