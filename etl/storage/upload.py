"""Uploads the files of a folder, the manifest after all others: what has one is whole."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from etl.dataset.manifest import MANIFEST
from etl.errors import WriteError
from etl.language.message import tr
from etl.storage.remote import Remote, connect, explain_errors, hide_query, transfer_all


def upload(remote: Remote, folder: Path, names: Iterable[str]) -> None:
    """Uploads files of a folder to the same names below a URL.

    Raises:
        WriteError: one cannot be written, or was cut off.
    """
    wanted = set(names)
    send = partial(_upload_one, remote, folder)
    transfer_all(send, sorted(wanted - {MANIFEST}))
    if MANIFEST in wanted:
        send(MANIFEST)


def upload_folder(folder: Path, url: str) -> None:
    """Uploads all files of a folder, such as a report.

    Raises:
        WriteError: see `upload`.
    """
    upload(connect(url), folder, names_in(folder))


def names_in(folder: Path) -> list[str]:
    """The names of all files in a folder, relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _upload_one(remote: Remote, folder: Path, name: str) -> None:
    with explain_errors(f"{remote.url}/{name}", is_writing=True):
        remote.files.put_file(str(folder / name), remote.below(name))
        got = remote.files.info(remote.below(name))["size"]
    expected = (folder / name).stat().st_size
    if got != expected:
        path = f"{hide_query(remote.url)}/{name}"
        raise WriteError(
            tr("{path} was cut off", path=path),
            details=[tr("expected {size:,} bytes, got {got:,}", size=expected, got=got)],
            next_step=tr("run the command again."),
        )
