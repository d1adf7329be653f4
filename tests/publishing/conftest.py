"""Places with versions, made once: who changes one has a copy of it."""

import shutil
from pathlib import Path

import pytest
from support.places import job, make, run, succeeded, write_rows

from etl.publishing.job import Job
from etl.storage.versions.local import LocalStore


@pytest.fixture(scope="session")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config, a table of 300 rows, and a place with one version."""
    folder = tmp_path_factory.mktemp("published") / "once"
    succeeded(run(make(folder)))
    return folder


@pytest.fixture(scope="session")
def published_twice(published_once: Path) -> Path:
    """The same after a refresh with another table, `b.jsonl`, of 30 rows."""
    folder = published_once.with_name("twice")
    shutil.copytree(published_once, folder, symlinks=True)
    write_rows(folder / "raw" / "b.jsonl", 300, 330)
    succeeded(run(job(folder / "etl.yaml")))
    return folder


@pytest.fixture
def published(published_once: Path, tmp_path: Path) -> Job:
    """A place with one version, of 300 rows."""
    return _copied(published_once, tmp_path)


@pytest.fixture
def grown(published_twice: Path, tmp_path: Path) -> tuple[Job, str, str]:
    """A place with two versions, and their names: `b.jsonl` came with the second."""
    made = _copied(published_twice, tmp_path)
    names = [each.name for each in LocalStore(made.publish_dir).versions()]
    return made, names[0], names[1]


def _copied(folder: Path, target: Path) -> Job:
    shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True)
    return job(target / "etl.yaml")
