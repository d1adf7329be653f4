from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("kote")`: a folder of real, openly licensed data beside the repository, else a skip."""

    def folder(name: str) -> Path:
        path = Path(__file__).parents[1] / ".." / "shared" / "data" / name
        if not path.is_dir():
            pytest.skip(f"the real data of {name} is not on this machine: no ../shared/data/{name}")
        return path.resolve()

    return folder
