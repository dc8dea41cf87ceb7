"""What tests of every folder share."""

import os

import pytest
from hypothesis import settings

# The same examples each time, so that no test fails by chance; `make properties` asks for others.
settings.register_profile("same-examples", derandomize=True)
settings.register_profile("explore", derandomize=False, print_blob=False)
settings.load_profile(os.environ.get("LABFLAG_PROFILE", "same-examples"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make golden` ask for expected outputs to be written instead of compared."""
    parser.addoption("--rewrite", action="store_true", help="write expected outputs anew")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Say whether expected outputs are to be written instead of compared."""
    return bool(request.config.getoption("--rewrite"))
