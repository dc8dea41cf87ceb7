"""With damaged files, every table is validated in full, also between the hand-overs."""

from collections.abc import Iterator

import pytest

from schemas.table import validate_everywhere


@pytest.fixture(autouse=True, scope="module")
def _validated_everywhere() -> Iterator[None]:
    validate_everywhere()
    yield
    validate_everywhere(False)
