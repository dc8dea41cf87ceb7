"""Whether the next run can write the anchor of the log, and would start its command."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.commands.site_checks import Check
from pipeline.config import Settings
from pipeline.errors import ConfigError, OutputError
from pipeline.files.folder import open_folder
from pipeline.publish.anchor import (
    find_begun,
    find_contradictions,
    find_failures,
    open_anchor,
    read_key,
)
from pipeline.publish.anchor_check import load_for
from pipeline.publish.write_anchor import find_program
from pipeline.site.location import locate_history


def look_at_anchor(settings: Settings) -> Iterator[Check]:
    """Look whether the next run can write the anchor, and would start the command."""
    if settings.refused_command:
        cure = "do what is said, name the file with --config, or take the command out"
        yield Check(subject="anchor", said=settings.refused_command, cure=cure)
    if settings.audit_anchor_command:
        try:
            program = find_program(settings.audit_anchor_command)
        except OutputError as error:
            yield Check(subject="anchor", said=f"audit_anchor_command: {error}", cure="correct it")
        else:
            yield Check(subject="anchor", said=f"each run starts {program}")
    if settings.audit_key is not None:
        try:
            read_key(settings)
        except ConfigError as error:
            cure = "correct it; until then no run writes the anchor"
            yield Check(subject="audit key", said=str(error), cure=cure)
        else:
            yield Check(subject="audit key", said="the lines of the anchor are signed")
    if settings.audit_anchor is not None:
        yield from _look_at_file(settings.audit_anchor, settings)


def _look_at_file(path: Path, settings: Settings) -> Iterator[Check]:
    subject, output = "anchor", settings.output
    try:
        anchor = load_for(path, settings, locate_history(settings))
        said = [*find_contradictions(anchor, output), *find_failures(anchor, output)]
    except (ConfigError, OutputError) as error:
        said = [str(error)]
    for each in said:
        cure = "do what is said; where the log is not as it was anchored, no run is made till then"
        yield Check(subject=subject, said=each, cure=cure)
    if said:
        return
    if not anchor.exists:
        well = os.access(path.absolute().parent, os.W_OK)
        cure = "" if well else "make the folder, or give the account that runs labflag the right"
        yield Check(subject=subject, said=f"{path} is made by the first run", cure=cure)
        return
    try:
        with open_folder(path.absolute().parent, follow=True) as folder:
            os.close(open_anchor(folder, path.name, os.O_RDWR | os.O_APPEND))
    except OSError as error:
        cure = "give the account that runs labflag the right to append to it"
        said_of = f"{path} cannot be written: {error.strerror}"
        yield Check(subject=subject, said=said_of, cure=cure)
        return
    is_begun = find_begun(output, path.absolute())
    lines = f"holds line {anchor.last} of the log" if is_begun else "is begun by the next run"
    yield Check(subject=subject, said=f"{path} {lines}")
