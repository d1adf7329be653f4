"""A published version, and what can be done with versions wherever they are stored.

    versions/9f86d081884c7d65/   a dataset, whole, never changed; named after its manifest's sha256
    current                      which of them is current; replaced in one step

Readers resolve `current` once and stay with that version, so they see one whole version, whatever is
published meanwhile. Only `version.json`, which says what is known of a version beside its manifest, may be
replaced later.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import msgspec

from etl.dataset.manifest import MANIFEST, Manifest
from etl.errors import InputError, SettingsError
from etl.language.message import tr
from etl.runtime.json_text import decode_json

CURRENT, VERSIONS, VERSION_FILE = "current", "versions", "version.json"
_NAME_DIGITS = 16


class Version(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Facts about a published version beside its manifest; the content of `version.json`.

    Attributes:
        name: the first digits of its manifest's sha256.
        number: counts publications, so the order of versions depends on no clock.
        published: when, in UTC.
        is_withdrawn: whether a rollback went back behind it; it is not published again by itself.
        stages: for each stage of the refresh the hashes of what it depended on, by name.
        raw_files: the sha256 of each raw file it was made from, by name.
        own_sha256: of all the others; only in a file.
    """

    name: str
    number: int
    published: str
    is_withdrawn: bool = False
    stages: dict[str, dict[str, str]] = {}
    raw_files: dict[str, str] = {}
    own_sha256: str = ""


class VersionStore(Protocol):
    """A folder or a URL in which versions are published. Methods raise InputError and WriteError."""

    @property
    def location(self) -> str:
        """The folder or the URL, as it is shown to people."""

    def check_published(self) -> None:
        """Raises an InputError if nothing was ever published here."""

    def current(self) -> str | None:
        """Returns the name of the current version; None if nothing was published yet."""

    def versions(self) -> list[Version]:
        """Returns the versions in the order in which they were published."""

    def read_manifest(self, name: str) -> Manifest:
        """Reads the manifest of a version."""

    def point_to(self, name: str) -> None:
        """Makes a version current, in one step."""

    def remove(self, name: str) -> None:
        """Removes a version; if that is cut off, nobody finds half of it."""


def encode_version(version: Version) -> bytes:
    """Returns the content of `version.json`, with its own sha256."""
    signed = msgspec.structs.replace(version, own_sha256=_own_sha256(version))
    return msgspec.json.format(msgspec.json.encode(signed), indent=2) + b"\n"


def decode_version(content: bytes) -> Version:
    """Reads the content of `version.json`.

    Raises:
        msgspec.DecodeError: it was damaged or edited: a bit decides whether a version is withdrawn.
    """
    version = decode_json(content, Version)
    if version.own_sha256 not in ("", found := _own_sha256(version)):
        raise msgspec.DecodeError(
            tr("expected sha256 {expected}, got {found}", expected=version.own_sha256, found=found)
        )
    return msgspec.structs.replace(version, own_sha256="")


def _own_sha256(version: Version) -> str:
    content = msgspec.json.encode(msgspec.structs.replace(version, own_sha256=""))
    return hashlib.sha256(content).hexdigest()


def version_name(dataset: Path) -> str:
    """Returns the name that a dataset has as a version."""
    return name_of((dataset / MANIFEST).read_bytes())


def name_of(manifest: bytes) -> str:
    """Returns the name of the version that has a manifest of this content."""
    return hashlib.sha256(manifest).hexdigest()[:_NAME_DIGITS]


def check_name(name: str, found: str, manifest: str) -> None:
    """Refuses the manifest of another version than the one that it lies in.

    Args:
        name: of the version.
        found: the name of the version that the manifest makes, see `name_of`.
        manifest: where it lies, as it is shown to people.

    Raises:
        InputError: the names differ.
    """
    if name != found:
        raise InputError(
            tr("{manifest} is not the manifest of this version", manifest=manifest),
            details=[tr("expected a sha256 that begins with {name}, got {found}", name=name, found=found)],
            cause=tr("It was edited, or copied from another version."),
            next_step=tr("publish again with `etl refresh`, or remove that version."),
        )


def choose_version(store: VersionStore, name: str) -> Version:
    """Finds a version by `current`, its name, or the first digits of its name.

    Raises:
        InputError: no version or several are called so.
    """
    known = store.versions()
    wanted = store.current() if name == CURRENT else name
    matching = [version for version in known if wanted and version.name.startswith(wanted)]
    if len(matching) != 1:
        names = ", ".join(version.name for version in known) or tr("none")
        raise InputError(
            tr(
                "{location} has {number} versions called {name!r}",
                location=store.location,
                number=len(matching),
                name=name,
            )
            if matching
            else tr("{location} has no version called {name!r}", location=store.location, name=name),
            details=[tr("its versions: {names}", names=names)],
            next_step=tr("`etl versions {location}` lists them.", location=store.location),
        )
    return matching[0]


def prune_versions(store: VersionStore, keep: int) -> list[str]:
    """Removes all versions but the `keep` newest and the current one; returns the names of those removed.

    Programs that still read a removed version lose its files.

    Raises:
        InputError: the versions cannot be read.
        SettingsError: `keep` is not positive.
        WriteError: a version cannot be removed.
    """
    if keep < 1:
        raise SettingsError(
            tr("at least one version must be kept"), details=[tr("got --keep {keep}", keep=keep)]
        )
    now = store.current()
    removed = [version.name for version in store.versions()[:-keep] if version.name != now]
    for name in removed:
        store.remove(name)
    return removed


def nothing_published(what: str) -> InputError:
    """Returns the error for a place in which nothing was ever published, which `what` says and names."""
    return InputError(
        what,
        next_step=tr("`etl refresh --config etl.yaml` publishes where `refresh.out` says."),
    )
