"""Versions at a URL: files first, then their manifest, then the pointer.

`URL/current` is one small object, `{"version": <name>}`, replaced in one step.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import msgspec

from etl.dataset.manifest import MANIFEST, Manifest, decode_manifest
from etl.errors import InputError
from etl.language.message import tr
from etl.runtime.json_text import decode_json
from etl.storage.remote import Remote, connect, explain_errors, hide_query
from etl.storage.upload import names_in, upload
from etl.storage.versions.version import (
    CURRENT,
    VERSION_FILE,
    VERSIONS,
    Version,
    check_name,
    decode_version,
    encode_version,
    name_of,
    nothing_published,
)

_log = logging.getLogger(__name__)


class _Pointer(msgspec.Struct):
    version: str


@dataclass(frozen=True)
class UrlStore:
    """A URL at which versions are published. All methods raise an InputError if it cannot be read."""

    url: str

    @property
    def location(self) -> str:
        """The URL without its query, which may hold secrets."""
        return hide_query(self.url)

    def check_published(self) -> None:
        """Raises an InputError if nothing was ever published here."""
        if not self.versions():
            raise nothing_published(tr("nothing was published at {location}", location=self.location))

    def current(self) -> str | None:
        """Returns the name of the current version; None if nothing was published yet."""
        content = connect(self.url).read(CURRENT)
        if content is None:
            return None
        try:
            return decode_json(content, _Pointer).version
        except msgspec.DecodeError as error:
            path = f"{self.location}/{CURRENT}"
            raise InputError(
                tr("{path} does not say which version is current", path=path),
                details=[error],
                cause=tr("It is not ours, or was damaged."),
                next_step=tr("publish again with `etl refresh`, or remove it."),
            ) from error

    def versions(self) -> list[Version]:
        """Returns the versions in the order in which they were published."""
        folder = connect(f"{self.url}/{VERSIONS}")
        with explain_errors(self.url):
            # Not `glob`: it leaves out the folders that cannot be listed, and says nothing.
            names = [name.split("/") for name in folder.list()]
        found = [self._read_version(parts[0]) for parts in names if parts[1:] == [MANIFEST]]
        # Numbers count what one machine has published, and begin anew where its folder was lost.
        return sorted(found, key=lambda version: (version.published, version.number))

    def read_manifest(self, name: str) -> Manifest:
        """Reads the manifest of a version.

        Raises:
            InputError: it is not there, damaged, or that of another version.
        """
        content = self.open_version(name).read(MANIFEST) or b""
        path = f"{self.location}/{VERSIONS}/{name}/{MANIFEST}"
        try:
            manifest = decode_manifest(content)
        except msgspec.DecodeError as error:
            raise InputError(
                tr("{path} cannot be read", path=path),
                details=[error],
                cause=tr("It is not ours, or was damaged."),
                next_step=tr("publish again with `etl refresh`, or remove that version."),
            ) from error
        check_name(name, name_of(content), path)
        return manifest

    def open_version(self, name: str) -> Remote:
        """Returns the URL of a version."""
        return connect(f"{self.url}/{VERSIONS}/{name}")

    def open_current(self) -> Remote:
        """Returns the URL of the current version; the store's own URL if nothing was published there."""
        name = self.current()
        return connect(self.url) if name is None else self.open_version(name)

    def publish(self, dataset: Path, name: str) -> bool:
        """Makes a dataset the current version. A version that is there already is not uploaded again.

        Args:
            dataset: a version's folder.
            name: the version's name.

        Returns:
            Whether anything was written.

        Raises:
            WriteError: the URL cannot be written; what was current is current.
        """
        version = self.open_version(name)
        is_there = version.read(MANIFEST) == (dataset / MANIFEST).read_bytes()
        if not is_there:
            names = names_in(dataset)
            _log.info(
                tr(
                    "uploading version {name}, {files:,} files, to {location}",
                    name=name,
                    files=len(names),
                    location=self.location,
                )
            )
            upload(version, dataset, names)
        is_current = self.current() == name
        if not is_current:
            self.point_to(name)
        return not (is_there and is_current)

    def point_to(self, name: str) -> None:
        """Makes a version current that is there, be it an earlier one.

        Raises:
            InputError: there is no such version.
            WriteError: the pointer cannot be written.
        """
        if self.open_version(name).read(MANIFEST) is None:
            raise InputError(
                tr("there is no version {name} at {location}", name=name, location=self.location),
                next_step=tr("publish it with `etl refresh`."),
            )
        self._write(connect(self.url), CURRENT, json.dumps({"version": name}).encode() + b"\n")

    def describe(self, versions: list[Version]) -> None:
        """Brings the `version.json` of those versions up to date that are at the URL.

        Raises:
            WriteError: the URL cannot be written.
        """
        there = {version.name: version for version in self.versions()}
        for version in versions:
            if there.get(version.name, version) != version:
                self._write(self.open_version(version.name), VERSION_FILE, encode_version(version))

    def remove(self, name: str) -> None:
        """Removes a version, its manifest last: what was cut off is a version still, and removed next time.

        Raises:
            WriteError: the URL cannot be written.
        """
        version = self.open_version(name)
        with explain_errors(self.url, is_writing=True):
            others = sorted(set(version.list()) - {MANIFEST})
            if others:  # else they went the last time, and fsspec finds nothing to remove
                version.files.rm([version.below(other) for other in others])
            version.files.rm(version.below(MANIFEST))

    def _read_version(self, name: str) -> Version:
        content = self.open_version(name).read(VERSION_FILE)
        try:
            return decode_version(content or b"")
        except msgspec.DecodeError:  # another tool has put it there: it stands before all others
            return Version(name=name, number=0, published="")

    def _write(self, remote: Remote, name: str, content: bytes) -> None:
        with explain_errors(self.url, is_writing=True):
            remote.files.pipe_file(remote.below(name), content)
