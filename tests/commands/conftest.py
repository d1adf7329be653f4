from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from support.run_etl import ingest, make_rows, succeeded
from support.small_tables import write_lines


def _fingerprints(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 good rows and three bad ones."""
    return write_lines(tmp_path_factory.mktemp("raw") / "table.jsonl", make_rows(60))


@pytest.fixture(scope="session")
def dataset(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `etl ingest` made of the table."""
    path = tmp_path_factory.mktemp("out") / "dataset"
    succeeded(ingest(table, "--out", path))
    return path


@pytest.fixture
def is_untouched(dataset: Path) -> Iterator[Callable[[], bool]]:
    """Whether the dataset, and the folder it stands in, is as it was before the test."""
    before, beside = _fingerprints(dataset), sorted(dataset.parent.iterdir())

    def check() -> bool:
        return _fingerprints(dataset) == before and sorted(dataset.parent.iterdir()) == beside

    yield check
    assert check()
