"""What can stop the program, and the exit code that each kind gives.

A bad cell, row or file does not stop anything: it is an issue (see `pipeline.issues`).
"""


class LabflagError(Exception):
    """A problem that ends the run; its text is for the person at the keyboard."""


class KnowledgeError(LabflagError):
    """A rule, limit, analyte, layout or profile is wrong or contradicts another."""


class ConfigError(LabflagError):
    """The site's configuration or an option cannot be used."""


class ArgumentError(ConfigError, KnowledgeError):
    """An argument names something that is not there, or has not the form asked for."""


class OutputError(LabflagError):
    """An output could not be written, or must not be overwritten."""


class BusyError(LabflagError):
    """Another run is at work in the same place."""


class InboxError(LabflagError):
    """The drop folder cannot be reached, or is not the one that it was."""


class Exit:
    """Exit codes, a contract with cron and scripts."""

    DONE = 0
    HELD = 1
    USAGE = 2
    NOTHING_READABLE = 3
    SETTINGS = 4
    OUTPUT = 5
    BUG = 70
    BUSY = 75
    STOPPED = 130


def exit_code(error: Exception) -> int:
    """Give the exit code for an exception that reached the command line."""
    match error:
        case ArgumentError():
            return Exit.USAGE
        case KnowledgeError() | ConfigError():
            return Exit.SETTINGS
        case OutputError():
            return Exit.OUTPUT
        case InboxError():
            return Exit.NOTHING_READABLE
        case BusyError():
            return Exit.BUSY
        case _:
            return Exit.BUG
