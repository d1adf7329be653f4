from pathlib import Path

import pytest

from faults.prepared import prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `prepare` makes. Tests copy it before they change anything."""
    return prepare(tmp_path_factory.mktemp("faults") / "prepared")
