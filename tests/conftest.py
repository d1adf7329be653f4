import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """A cache folder for this run, which pytest's own worker processes inherit: never the user's."""
    if not hasattr(config, "workerinput"):
        os.environ["ETL_CACHE_DIR"] = tempfile.mkdtemp(prefix="etl-cache-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ["ETL_CACHE_DIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("kote")`: a folder of real, openly licensed data beside the repository, else a skip."""

    def folder(name: str) -> Path:
        path = Path(__file__).parents[1] / ".." / "shared" / "data" / name
        if not path.is_dir():
            pytest.skip(f"the real data of {name} is not on this machine: no ../shared/data/{name}")
        return path.resolve()

    return folder
