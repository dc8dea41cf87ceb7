"""The one reader of TOML: knowledge, texts, issues and settings."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Not needed to run, and slow to import for a program that starts.
    from importlib.resources.abc import Traversable


def read_toml(path: "Traversable | Path") -> tuple[dict[str, Any], str]:
    """Read a TOML file in UTF-8.

    Returns:
        The table, and the text of the file.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is not in UTF-8.
        ValueError: It is no TOML; the message names the line.
    """
    text = path.read_text(encoding="utf-8")
    return tomllib.loads(text), text
