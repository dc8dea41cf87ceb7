"""The site's configuration and the options of one run, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from pipeline.command_rule import find_refusal
from pipeline.errors import ConfigError
from pipeline.files.toml import read_toml
from pipeline.texts import LANGUAGES
from schemas.vocabulary import CriticalValues

# The languages are found when the program starts, which type checkers cannot follow.
if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[tuple(LANGUAGES)]

FILE_NAME = "labflag.toml"
_PATHS = (
    "output",
    "knowledge",
    "inbox",
    "archive",
    "quarantine",
    "duplicates",
    "audit_anchor",
    "audit_key",
)
_COMMANDS = ("audit_anchor_command",)
"""Settings that start a program: see `command_rule`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laboratory:
    """Who the reports come from: their letterhead."""

    # A key that is misspelled would else be left out in silence.
    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str = ""
    address: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run needs to know besides its sources; options win over `labflag.toml`."""

    output: Path = Path("reports")
    layout: str = ""
    """Name of a layout, or path of a layout file; "": each file is recognized by its headers."""
    profile: str = "default"
    """Name of a profile, or path of a profile file."""
    rule_groups: tuple[str, ...] = ()
    """Groups of rules to switch on, beside those of the profile."""
    critical_values: CriticalValues = ""
    """Critical values to telephone: "confirmed" if the laboratory has agreed to the list, "off" if
    nothing is to be listed; "": listed, and said to be not yet confirmed."""
    language: Language = "en"
    """Of titles and comments in reports."""
    knowledge: Path | None = None
    """Folder laid over the clinical content."""
    encoding: str = "cp1252"
    """Code page of text files that are neither UTF-8 nor UTF-16."""
    date_order: Literal["", "day-first", "month-first"] = ""
    decimal: Literal["", ".", ","] = ""
    population: Literal["", "adult"] = ""
    """"adult" if the site says that every patient without an age is an adult."""
    specimen_ids: Literal["", "unique", "restart-daily"] = ""
    """"restart-daily" if numbers of specimens start anew each day, "unique" if they never do; "":
    as layouts say, and as many numbers of one source show that come back with other people."""
    most_results: Annotated[int, Field(ge=1)] = 1_000_000
    """Of one file; a larger one is refused. A million take 6 GiB of memory, by and large in
    proportion."""
    all_outcomes: bool = False
    """Write absent and not-tested outcomes to findings.csv too."""
    units_display: Literal["as-reported", "si", "conventional"] = "as-reported"
    """Units in which reports show numbers beside those reported."""
    laboratory: Laboratory = Laboratory()
    """Without a name, reports are titled worksheets."""
    inbox: Path | None = None
    """Folder into which files are dropped; it and the next three lie on one file system."""
    archive: Path | None = None
    """Where files go whose results are stored; by default, like the next two, in the inbox."""
    quarantine: Path | None = None
    """Where files go of which nothing could be used, each with a text that says why."""
    duplicates: Path | None = None
    """Where files go that came before."""
    settle: Annotated[float, Field(ge=0, le=86_400)] = 10.0
    """Seconds for which a dropped file must stay as it is before it is taken."""
    interval: Annotated[float, Field(ge=0.05, le=86_400)] = 30.0
    """Seconds between two looks of `labflag watch`."""
    report_mode: Annotated[str, Field(pattern=r"^0?[0-7]{3}$")] = "0640"
    """Who may read and write reports, as chmod has it; never everybody."""
    report_group: str = ""
    """The group that reports are given to; "" leaves it to the system."""
    hold_all: bool = False
    """Stop switch: results are stored, and no report is written or changed."""
    history: str = ""
    """File of the history, or URL of a PostgreSQL database; "": in the output folder."""
    audit_anchor: Path | None = None
    """File elsewhere to which each run appends where the log ends (see `operations.anchor`)."""
    audit_anchor_command: tuple[str, ...] = ()
    """Program and arguments that are given the same line; empty where the file's is not used."""
    audit_key: Path | None = None
    """File with the secret by which these lines are signed."""
    refused_command: str = ""
    """Why a command of the file is not used; no key of the file."""


KEYS = tuple(item.name for item in fields(Settings) if item.name != "refused_command")
"""What `labflag.toml` may hold."""


def load_settings(path: Path | None, **options: object) -> Settings:
    """Read the site's file, if there is one, and lay the options given on top.

    The commands that the file holds are left out (see `load_with_commands`).

    Args:
        path: The file; None means `labflag.toml` in the current folder, if it is there.
        options: Fields of `Settings`; None means that the option was not given.

    Raises:
        ConfigError: The file cannot be read, or has a key or a value that cannot be used.
    """
    return _load(path, options, with_commands=False)


def load_with_commands(path: Path | None, **options: object) -> Settings:
    """Read settings as `load_settings` does, with the commands that may be started.

    Why others are left out stands in `refused_command`.

    Raises:
        ConfigError: See `load_settings`.
    """
    return _load(path, options, with_commands=True)


def _load(path: Path | None, options: Mapping[str, object], *, with_commands: bool) -> Settings:
    found = path or Path(FILE_NAME)
    entries: dict[str, Any] = {}
    if path is not None or found.is_file():
        # Looked at before it is read: what nobody else can change now, nobody changes meanwhile.
        refusals = {key: find_refusal(key, found, is_named=path is not None) for key in _COMMANDS}
        entries = _read(found)
        commands = [key for key in _COMMANDS if entries.get(key)]
        left_out = [key for key in commands if refusals[key] or not with_commands]
        entries |= dict.fromkeys(left_out, ())
        if with_commands:
            entries["refused_command"] = "; ".join(refusals[key] for key in left_out)
    entries |= {name: value for name, value in options.items() if value is not None}
    try:
        return TypeAdapter(Settings).validate_python(entries)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{found.name}: {key}: {_expected_text(key, first)}") from error


_EXPECTED = {
    "tuple_type": 'write a list, {key} = ["{value}"]',
    "bool_type": "write {key} = true or {key} = false",
    "bool_parsing": "write {key} = true or {key} = false",
    "string_type": 'write a text in quotation marks, {key} = "{value}"',
    "int_type": "write a whole number without quotation marks, {key} = 1000",
    "int_parsing": "write a whole number without quotation marks, {key} = 1000",
    "float_type": "write a number without quotation marks, {key} = 30",
    "float_parsing": "write a number without quotation marks, {key} = 30",
    "dataclass_type": 'write a table, [{key}] and below it name = "..."',
    "path_type": 'write a path in quotation marks, {key} = "folder"',
}
"""Kind of fault → the form that is expected."""


def _expected_text(key: str, fault: ErrorDetails) -> str:
    """Say in plain words which form an entry must have."""
    if fault["type"] == "literal_error":
        return f"write one of {fault['ctx']['expected']}"
    expected = _EXPECTED.get(fault["type"])
    if expected is None:
        return fault["msg"]
    return expected.format(key=key, value=fault["input"])


def _read(path: Path) -> dict[str, Any]:
    try:
        entries, _ = read_toml(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name}: cannot be read: {error}; save it as UTF-8") from error
    except ValueError as error:
        raise ConfigError(
            f"{path.name}: cannot be read: {error}. Write key = value, where a value is a text in "
            'quotation marks ("reports"), a number (30), true, false, or a list (["critical"])'
        ) from error
    for key in entries:
        if key not in KEYS:
            close = get_close_matches(key, KEYS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ConfigError(f"{path.name}: unknown key {key!r}{hint}")
    for key in _PATHS:
        # A path in the file is meant from where the file lies, not from where cron starts.
        if isinstance(entries.get(key), str):
            entries[key] = path.parent / entries[key]
    if str(entries.get("profile", "")).endswith(".toml"):
        entries["profile"] = str(path.parent / entries["profile"])
    return entries
