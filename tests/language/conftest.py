from collections.abc import Iterator

import pytest

from etl.language import catalogue


@pytest.fixture
def korean() -> Iterator[None]:
    """The test speaks Korean."""
    assert catalogue.is_compiled("ko"), "run `make messages`"
    catalogue.use("ko")
    yield
    catalogue.use("en")
