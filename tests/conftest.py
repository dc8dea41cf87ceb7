"""What tests of every folder share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make golden` ask for expected outputs to be written instead of compared."""
    parser.addoption("--rewrite", action="store_true", help="write expected outputs anew")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Say whether expected outputs are to be written instead of compared."""
    return bool(request.config.getoption("--rewrite"))
