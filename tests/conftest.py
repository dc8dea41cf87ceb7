"""What tests of every folder share."""

import os

import pytest
from hypothesis import settings

# The same examples each time where a change is judged; new ones wherever it is worked on.
settings.register_profile("same-examples", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("same-examples")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make golden` ask for expected outputs to be written instead of compared."""
    parser.addoption("--rewrite", action="store_true", help="write expected outputs anew")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Say whether expected outputs are to be written instead of compared."""
    return bool(request.config.getoption("--rewrite"))
