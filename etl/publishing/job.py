"""A dataset to refresh, as the section `refresh` of an `etl.yaml` describes it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from etl import settings as all_settings
from etl.dataset import guards
from etl.errors import SettingsError
from etl.language.message import tr
from etl.publishing import record
from etl.publishing.models import read_deliverables
from etl.publishing.places import find_publish_dir, split_inputs
from etl.runtime.engine.open import open_engine
from etl.runtime.engine.protocol import Engine
from etl.runtime.paths import is_remote
from etl.settings import Settings
from etl.storage.versions.local import LOCK, LocalStore
from etl.storage.versions.version import VERSIONS


@dataclass(frozen=True)
class Job:
    """A dataset to refresh.

    Args:
        inputs: raw files, archives and folders.
        publish_dir: the folder in which versions are published.
        settings: all of them.
        workers: tagging processes; decides nothing of the content.
        sources: where there are URLs among the inputs: those and the paths, to be fetched by each run.
        url: where the current version is copied to; None: nowhere.
        accept: the codes of guards whose objections are accepted in this run.
    """

    inputs: list[Path]
    publish_dir: Path
    settings: Settings
    workers: int | None = 1
    sources: tuple[str, ...] = ()
    url: str | None = None
    accept: tuple[str, ...] = ()

    @property
    def store(self) -> LocalStore:
        """The versions in `publish_dir`."""
        return LocalStore(self.publish_dir)

    def open_engine(self) -> AbstractContextManager[Engine]:
        """Opens what the steps run on; called only if there is something to run."""
        refresh = self.settings.refresh
        return open_engine(refresh.engine, refresh.address, self.workers)


def make_job(settings: Settings, base: Path, workers: int | None, accept: tuple[str, ...] = ()) -> Job:
    """Makes the job that the section `refresh` of an `etl.yaml` describes.

    Args:
        settings: the whole `etl.yaml`.
        base: its folder, to which paths are relative.
        workers: tagging processes; None: one a core.
        accept: the codes of guards whose objections are accepted.

    Raises:
        SettingsError: no input or no output is named, the output is one of the inputs, or there is no such
            guard.
    """
    refresh = settings.refresh
    if not refresh.inputs or refresh.out is None:
        missing = "inputs" if not refresh.inputs else "out"
        raise SettingsError(
            tr("refresh.{key} is not set", key=missing),
            details=[tr("expected `refresh:` with `inputs: [FILE or FOLDER, …]` and `out: FOLDER`")],
            next_step=tr("write both into that section; docs/refresh.md has an example."),
        )
    read_deliverables(refresh)
    guards.check_codes(accept, "--accept")
    guards.load_guards(refresh.guards)
    inputs, sources = split_inputs(refresh.inputs, base)
    publish_dir = find_publish_dir(refresh.out, base)
    for path in inputs:
        if path.resolve().is_relative_to(publish_dir.resolve()):
            raise SettingsError(
                tr("refresh.out holds the input {path}", path=path),
                details=[tr("got out: {out}", out=refresh.out)],
                next_step=tr("publish into a folder of its own."),
            )
    url = refresh.out if is_remote(refresh.out) else None
    return Job(inputs, publish_dir, settings, workers, sources=sources, url=url, accept=accept)


def load_job(config: Path, workers: int | None) -> Job:
    """Reads the job of an `etl.yaml`; see `make_job`.

    Raises:
        SettingsError: the file cannot be used.
    """
    return make_job(all_settings.load(config, {}), config.parent, workers)


def check_publish_dir(folder: Path) -> None:
    """Checks that a folder is empty, missing, or one in which versions are published.

    Raises:
        SettingsError: it holds something else.
    """
    known = {VERSIONS, LOCK, record.FILE}
    if folder.is_dir() and any(folder.iterdir()) and not known & {path.name for path in folder.iterdir()}:
        raise SettingsError(
            tr("{folder} already holds something else", folder=folder),
            details=[
                tr("expected no such folder, an empty one, or one in which `etl refresh` has published")
            ],
            next_step=tr("choose another folder as `refresh.out`."),
        )
    if folder.exists() and not folder.is_dir():
        raise SettingsError(
            tr("{folder} is a file", folder=folder),
            next_step=tr("choose the name of a folder as `refresh.out`."),
        )
