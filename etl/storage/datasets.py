"""Datasets at URLs: read as one whole version, and written so that they are complete or absent."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from etl.dataset import guards
from etl.dataset.manifest import MANIFEST, Manifest, SourceCounts, decode_manifest
from etl.dataset.staging import check_replaceable
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.runtime.files import sha256_file
from etl.runtime.paths import is_remote, local_path
from etl.storage.cache import RemoteFile, open_copy, temporary_view
from etl.storage.inputs import fetch_inputs
from etl.storage.remote import Remote, connect, explain_errors, hide_query
from etl.storage.upload import names_in, upload
from etl.storage.versions.url import UrlStore

_log = logging.getLogger(__name__)

# Stands there while a dataset is written: what has it and no manifest is ours, and may be replaced.
_INCOMPLETE = "incomplete"


@contextmanager
def output_folder(out: str) -> Iterator[Path]:
    """Gives the folder in which to write a dataset; for a URL a temporary one, uploaded after the block.

    Raises:
        SettingsError: something else is at the URL.
        WriteError: it cannot be written. What was at the URL is there still, or nothing is.
    """
    if not is_remote(out):
        yield local_path(out)
        return
    remote = connect(out)
    _check_replaceable(remote)
    with temporary_view() as folder:
        yield folder / remote.name
        upload_dataset(folder / remote.name, out)


def check_output(out: str) -> None:
    """Checks that a dataset may be written to a folder or URL.

    Raises:
        SettingsError: something else is there.
    """
    if is_remote(out):
        _check_replaceable(connect(out))
    else:
        check_replaceable(local_path(out), MANIFEST)


def check_replaced(url: str, manifest: Manifest, accept: Collection[str]) -> None:
    """Checks that a dataset for a URL is no worse than the one that is there; paths are left to `ingest`.

    Args:
        url: where it will be uploaded.
        manifest: its own.
        accept: see `etl.ingestion.ingest.ingest`.

    Raises:
        FindingsError: see `etl.dataset.guards.check_replacement`.
    """
    if is_remote(url):
        try:
            replaced = decode_manifest(connect(url).read(MANIFEST) or b"")
        except msgspec.DecodeError:  # there is none, or none that can be read
            return
        guards.check_replacement(manifest.counts, manifest.splits, replaced, hide_query(url), accept)


def check_usable(counts: Mapping[str, SourceCounts], accept: Collection[str], out: str | None) -> None:
    """Checks that most of what was read is in a dataset that has been written.

    Args:
        counts: the rows of each source.
        accept: see `etl.ingestion.ingest.ingest`.
        out: where it was written, a path or a URL; None: it was not.

    Raises:
        FindingsError: it is not.
    """
    if objections := guards.find_refused(counts, accept):
        raise guards.not_usable(objections, hide_query(out) if out and is_remote(out) else out)


@contextmanager
def open_url(path: str) -> Iterator[Path]:
    """Gives a dataset or a table as a local path; of published versions the current one.

    All that is read belongs to one version, whatever is published meanwhile. Only files that the manifest
    lists are fetched.

    Raises:
        InputError: it is not there, is damaged, or changed while it was downloaded.
    """
    if not is_remote(path):
        yield local_path(path)
        return
    name, remote = connect(path).name, UrlStore(path).open_current()
    manifest = remote.read(MANIFEST)
    if manifest is None and remote.read(_INCOMPLETE) is not None:
        raise InputError(
            tr("{url} is no whole dataset", url=hide_query(path)),
            details=[tr("expected {file}, which is written last", file=MANIFEST)],
            cause=tr("It is being written, or writing it was cut off."),
            next_step=tr("wait for that run, or run it again."),
        )
    if manifest is None:
        with fetch_inputs([path]) as [table]:
            yield table
        return
    with open_copy(path, name, partial(_files, remote, manifest)) as folder:
        yield folder


@contextmanager
def edit_url(path: str) -> Iterator[Path]:
    """Gives a dataset to add files to; for a URL, new files are uploaded after the block, the manifest last.

    Raises:
        InputError: see `open_url`.
        SettingsError: it is a published version, which nobody changes.
        WriteError: the URL cannot be written.
    """
    if not is_remote(path):
        yield local_path(path)
        return
    remote = connect(path)
    if UrlStore(path).current() is not None:
        raise SettingsError(
            tr("{url} holds published versions, which are never changed", url=hide_query(path)),
            next_step=tr("leave their vocabulary to `etl refresh`, which makes it before it publishes."),
        )
    with open_url(path) as folder:
        before = _states(folder)
        yield folder
        upload(remote, folder, (name for name, state in _states(folder).items() if before.get(name) != state))


def upload_dataset(dataset: Path, url: str) -> None:
    """Uploads a dataset in the place of another at the URL; meanwhile there is none.

    Raises:
        SettingsError: something else is at the URL.
        WriteError: it cannot be written.
    """
    remote, names = connect(url), names_in(dataset)
    there = _check_replaceable(remote)
    _log.info(tr("uploading {files:,} files to {url}", files=len(names), url=hide_query(url)))
    with explain_errors(url, is_writing=True):
        remote.files.pipe_file(remote.below(_INCOMPLETE), b"{}\n")
        # First what says that it is whole, then what would not belong to the new one.
        stale = there - {*names, MANIFEST, _INCOMPLETE}
        for name in [MANIFEST] * (MANIFEST in there) + sorted(stale):
            remote.files.rm_file(remote.below(name))
    upload(remote, dataset, names)
    with explain_errors(url, is_writing=True):
        remote.files.rm_file(remote.below(_INCOMPLETE))


def _check_replaceable(remote: Remote) -> set[str]:
    """Returns the names of the files at a URL: a dataset of ours, one that was cut off, or nothing."""
    with explain_errors(remote.url, is_writing=True):
        there = set(remote.list())
    if there and not there & {MANIFEST, _INCOMPLETE}:
        raise SettingsError(
            tr("{url} already holds something else", url=hide_query(remote.url)),
            details=[tr("expected nothing, or a dataset; got {name}", name=min(there) or tr("a file"))],
            next_step=tr("choose another URL, or remove what is there yourself."),
        )
    return there


def _files(remote: Remote, manifest: bytes) -> list[RemoteFile]:
    try:
        listed = decode_manifest(manifest).files
    except msgspec.DecodeError as error:
        raise InputError(
            tr("{path} cannot be read", path=_path_of(remote, MANIFEST)),
            details=[error],
            cause=tr("It is not ours, or was damaged."),
            next_step=tr("write the dataset again."),
        ) from error
    itself = hashlib.sha256(manifest).hexdigest()
    return [
        *(
            RemoteFile(name, entry.sha256, entry.bytes, partial(_load, remote, name, entry.sha256))
            for name, entry in listed.items()
        ),
        RemoteFile(MANIFEST, itself, len(manifest), partial(_write, manifest)),
    ]


def _path_of(remote: Remote, name: str) -> str:
    """Where a file lies, as it is shown to people."""
    return f"{hide_query(remote.url)}/{name}"


def _write(content: bytes, target: Path) -> None:
    target.write_bytes(content)


def _load(remote: Remote, name: str, sha256: str, target: Path) -> None:
    with explain_errors(f"{remote.url}/{name}"):
        remote.files.get_file(remote.below(name), str(target))
    got = sha256_file(target)
    if got != sha256:
        raise InputError(
            tr("{path} is not the file that the manifest lists", path=_path_of(remote, name)),
            details=[tr("expected sha256 {sha256}, got {got}", sha256=sha256, got=got)],
            cause=tr("The dataset is being written, or it is damaged."),
            next_step=tr("run the command again in a while; if that does not help, write the dataset again."),
        )


def _states(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Returns for each file values that change when it is replaced; files are never written in place."""
    found = {name: (folder / name).stat() for name in names_in(folder)}
    return {name: (each.st_ino, each.st_size, each.st_mtime_ns) for name, each in found.items()}
