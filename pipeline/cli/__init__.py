"""The command line: verbs, options, exit codes. The only package that prints.

Heavy modules are imported inside the commands, so that `--help` answers at once.
"""

import click

from pipeline import __version__
from pipeline.cli.audit import audit
from pipeline.cli.explain import explain
from pipeline.cli.history import backup, purge, reassign, rebuild, restore
from pipeline.cli.inbox import watch
from pipeline.cli.review import diff_rules, evaluate_rules
from pipeline.cli.rules import rules
from pipeline.cli.run import check, identify, run, template
from pipeline.cli.site import doctor, init, reject, release, status
from pipeline.cli.withdraw import replace, withdraw

_HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=_HELP)
@click.version_option(__version__, prog_name="labflag")
def main() -> None:
    """Find low vitamin B12, macrocytic anemia and low blood counts in laboratory exports.

    \b
    labflag run march.csv -o reports    reports and a worklist from an export
    labflag check march.csv             what would be held, and why; writes nothing
    labflag identify march.csv          how the file was understood
    labflag template                    an empty workbook to type results into
    labflag init lab                    folders and settings of a drop folder, run by the clock

    Exit codes: 0 done, 1 something was held, 2 wrong usage, 3 nothing could be read,
    4 knowledge or configuration invalid, 5 an output could not be written, 70 a fault of labflag,
    75 another run is at work in the output folder, 130 stopped by Ctrl-C.
    """  # noqa: D301 - Click needs the control character itself


@click.command("help")
@click.argument("verbs", metavar="[VERB]...", nargs=-1)
@click.pass_context
def show_help(context: click.Context, verbs: tuple[str, ...]) -> None:
    """Show how labflag, or one of its verbs, is used: `labflag help run`."""
    command: click.Command = main
    parent = context.find_root()
    for verb in verbs:
        found = command.get_command(parent, verb) if isinstance(command, click.Group) else None
        if found is None:
            raise click.UsageError(f"There is no verb {' '.join(verbs)!r}.")
        command, parent = found, click.Context(found, info_name=verb, parent=parent)
    click.echo(command.get_help(parent))


_VERBS = (run, check, identify, template, rules, explain)
_SITE = (init, watch, doctor, status, release, reject, audit)
_UPKEEP = (withdraw, replace, rebuild, reassign, purge, backup, restore)

for _verb in (*_VERBS, *_SITE, *_UPKEEP, show_help):
    main.add_command(_verb)
rules.add_command(diff_rules)
rules.add_command(evaluate_rules)
