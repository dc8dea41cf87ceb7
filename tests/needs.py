"""Programs that tests drive: where one is missing its tests are skipped, but never in CI."""

import os
import shutil

import pytest

IS_CI = bool(os.environ.get("LABFLAG_CI"))
"""Set by `.ci/run`."""


def needs(is_there: object, reason: str) -> pytest.MarkDecorator:
    """Skip tests where something is missing.

    Raises:
        RuntimeError: In CI, where tests left out without a word would look like tests passed.
    """
    if IS_CI and not is_there:
        raise RuntimeError(f"in CI nothing is skipped: {reason}")
    return pytest.mark.skipif(not is_there, reason=reason)


def needs_program(name: str, package: str = "") -> pytest.MarkDecorator:
    """Skip tests where a program is not installed; in CI that is an error."""
    return needs(shutil.which(name), f"needs {name}: apt install {package or name}")
