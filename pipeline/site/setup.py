"""A new site: its folders, its configuration, and the lines that start a run by the clock."""

import sys
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from pipeline.config import FILE_NAME
from pipeline.errors import OutputError
from pipeline.files.durable import make_folder, refuse_existing, write_text
from pipeline.files.folder import open_folder
from pipeline.texts import ENGLISH, LANGUAGES, Texts

FOLDERS = ("inbox", "archive", "quarantine", "duplicates", "reports")
_README = "README.txt"
_MINUTES = 10
_ENGLISH_SETTING = '# language = "en"'

_CONFIGURATION = """\
# Configuration of labflag. Paths are meant from where this file lies. A line that begins with #
# is not in force: remove the # and edit it.

# Folders. Files are renamed from the inbox to the next three: all four on one file system.
inbox = "inbox"
archive = "archive"
quarantine = "quarantine"
duplicates = "duplicates"
output = "reports"

# A dropped file is taken when it stayed the same for so many seconds.
settle = 10
# Seconds between two looks of `labflag watch`.
interval = 30

# Who may read the reports, as chmod has it; never everybody. The group must exist. With "0660" the
# group may save the worklist; history and log then stand in .reports.labflag beside the reports.
report_mode = "0640"
# report_group = "laboratory"

# Stop switch: true stores results and writes no report until it is false again.
hold_all = false

# The history of all results: a file on a disk of this machine, or a PostgreSQL database. Without
# it, labflag.db in the folder of the reports or beside it (see report_mode).
# history = "postgresql+psycopg://user@server/labflag"

# Where each run notes how far the log goes, so that a folder is noticed that was put back or
# rewritten as a whole: a file that whoever can change the reports cannot write, at best on another
# machine, or a program that is given the line (see docs/unattended.md). Only run and watch start
# it, and only while nobody but you can change this file and the folders that it lies in. The key
# signs the lines: 32 bytes or more (openssl rand -hex 32), for your eyes alone, not in the reports.
# audit_anchor = "/mnt/elsewhere/labflag.anchor"
# audit_anchor_command = ["logger", "-t", "labflag"]
# audit_key = "/etc/labflag/audit.key"

# How your files are read where they do not say it themselves (see `labflag identify FILE`).
# layout = "my-laboratory.toml"
# encoding = "cp1252"
# date_order = "day-first"
# decimal = ","
# population = "adult"
# specimen_ids = "restart-daily"   # if sample numbers start anew each day

# Results of one file at the most; a larger one is refused. A million take about 6 GiB of memory.
# most_results = 1000000

# Limits and rules (see `labflag rules list`).
# profile = "default"
# knowledge = "knowledge"
# rule_groups = []

# Reports: their language ({languages}), units shown beside those reported (as-reported, si,
# conventional), and whether findings.csv also lists what is absent or was not tested.
# language = "en"
# units_display = "as-reported"
# all_outcomes = false

# Critical values to telephone (see docs/profiles.md). They are listed in worklist.xlsx, and said to
# be not yet confirmed by this laboratory until you say "confirmed"; "off" lists none.
# critical_values = "confirmed"

# The letterhead; without a name, reports are titled worksheets.
# [laboratory]
# name = ""
# address = ""
# contact = ""
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site that was made, and how to start its runs."""

    folder: Path
    cron_line: str
    task_line: str
    watch_line: str


def make_site(folder: Path, language: str = ENGLISH.language) -> Site:
    """Make the folders of a site, its configuration and a page of plain words.

    Args:
        folder: Of the site.
        language: Of the page, and of what runs write.

    Raises:
        OutputError: A configuration is there already, or something cannot be made.
    """
    config = folder.absolute() / FILE_NAME
    # A percent sign starts a new line in a crontab, and no quoting helps.
    if any(sign in str(config) for sign in '%"\n'):
        raise OutputError('the path of the folder must not hold any of % " and line breaks')
    refuse_existing(config)
    for name in FOLDERS:
        make_folder(config.parent / name)
    with open_folder(config.parent, follow=True) as opened:
        # What was written aside by one that was stopped.
        opened.sweep()
    site = Site(
        folder=config.parent,
        cron_line=cron_line(config),
        task_line=(
            f"schtasks /Create /SC MINUTE /MO {_MINUTES} /TN labflag /TR \"'{sys.executable}' "
            f"-m pipeline run --quiet --config '{config}'\""
        ),
        watch_line=_command("watch", config),
    )
    write_text(_explain(site, config, LANGUAGES[language]), config.parent / _README)
    # Last: where it stands, the site is whole.
    write_text(_configure(language), config)
    return site


def cron_line(config: Path) -> str:
    """Give the line of a crontab that runs a site; it needs nothing of the environment."""
    return f"*/{_MINUTES} * * * * {_command('run --quiet', config)}"


def _command(verb: str, config: Path) -> str:
    """Give a command that can be started from any folder and with an empty environment.

    Python is named by its whole path and isolated: a folder that a file was dropped into must
    not be where it finds its modules.
    """
    return f"{quote(sys.executable)} -I -m pipeline {verb} --config {quote(str(config))}"


def _configure(language: str) -> str:
    """Write the configuration of a site in a language."""
    text = _CONFIGURATION.replace("{languages}", ", ".join(LANGUAGES))
    setting = f'language = "{language}"'
    return text if language == ENGLISH.language else text.replace(_ENGLISH_SETTING, setting)


def _explain(site: Site, config: Path, texts: Texts) -> str:
    return texts(
        "site.readme",
        config=config.name,
        minutes=_MINUTES,
        cron=f"    {site.cron_line}",
        task=f"    {site.task_line}",
        watch=site.watch_line,
        doctor=_command("doctor", config),
        status=_command("status", config),
    )
