"""Detects changes since the last version, by content: raw files, settings, labels, tagger, code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from etl.dataset.manifest import read_manifest
from etl.errors import InputError
from etl.ingestion import fingerprints
from etl.ingestion.sources.archive import files_on_disk, is_opened, whole_of
from etl.schema import taxonomy
from etl.settings import Settings
from etl.storage.versions.local import LocalStore
from etl.storage.versions.version import Version, version_name
from etl.tagging.policy import load as load_policy

INGEST, VALIDATE, VOCABULARY, PUBLISH = "ingest", "validate", "build-vocab", "publish"
STAGES = (INGEST, VALIDATE, VOCABULARY, PUBLISH)
RAW_FILES, DATASET = "raw files", "dataset"
_AND = "+"

Facts = dict[str, dict[str, str]]


class Event(msgspec.Struct, frozen=True):
    """A change of a raw file since the last version.

    Attributes:
        event: `added`, `changed` (the same name, other bytes) or `gone`.
        file: its name.
    """

    event: str
    file: str


@dataclass(frozen=True)
class Changes:
    """All changes since the last version.

    Attributes:
        last: the version published last; None: there is none that could be compared with.
        raw_files: the sha256 of each raw file, by its name.
        events: what happened to raw files.
        facts: for each stage what it depends on, as hashes; `dataset` is missing before there is one.
        why: for each stage why it must run; nothing where it need not. Only what is known beforehand.
    """

    last: Version | None
    raw_files: dict[str, str]
    events: tuple[Event, ...]
    facts: Facts
    why: dict[str, list[str]]

    @property
    def is_nothing(self) -> bool:
        """Whether the last version is what a refresh would make."""
        return not any(self.why.values())


def find_changes(inputs: list[Path], store: LocalStore, settings: Settings) -> Changes:
    """Compares what a refresh would depend on with what the last version depended on.

    Raises:
        InputError: an input is not there.
        SettingsError: the taxonomy, the policy of key tokens or the tagger cannot be used.
    """
    raw_files = _raw_files(inputs)
    labels, policy = taxonomy.load(settings.taxonomy), load_policy(settings.tag)
    refresh = settings.refresh
    facts = {
        INGEST: {
            RAW_FILES: fingerprints.hash_json(raw_files),
            **fingerprints.fingerprint_dataset(settings, labels, policy),
        },
        VALIDATE: {
            "settings": fingerprints.hash_json(msgspec.to_builtins(settings.validate)),
            "code": fingerprints.hash_code("validation"),
            "checks": fingerprints.hash_schemas("checks"),
            "packages": fingerprints.hash_packages(),
        },
        VOCABULARY: {
            "settings": fingerprints.hash_json([refresh.min_count, refresh.max_size]),
            "code": fingerprints.hash_code(),
            "packages": fingerprints.hash_packages(),
        },
    }
    last = max(store.versions(), key=lambda version: version.number, default=None)
    why = {stage: list_reasons(facts[stage], last.stages.get(stage) if last else None) for stage in facts}
    if last and not why[INGEST] and not _has_all_files(store.path_of(last.name)):
        why[INGEST] = [f"a file of version {last.name} is missing or cut off"]
    return Changes(last, raw_files, _events(raw_files, last), facts, why)


def list_reasons(now: dict[str, str], before: dict[str, str] | None) -> list[str]:
    """Which facts differ; those that are not known yet are left out."""
    if before is None:
        return ["it was not done before"]
    return [f"{name} changed" for name in now if now[name] != before.get(name)]


def known_hashes(changes: Changes, store: LocalStore) -> dict[tuple[str, str], str]:
    """The sha256 of the content of raw files and members whose file on disk is that of the last version."""
    if changes.last is None:
        return {}
    before, now = changes.last.raw_files, changes.raw_files
    touched = {
        whole_of(name)
        for name in before.keys() | now.keys()
        if before.get(name) != now.get(name) or _AND in now[name]
    }
    try:
        manifest = store.read_manifest(changes.last.name)
    except InputError:  # it is damaged: then nothing is known
        return {}
    return {(each.file, each.member): each.sha256 for each in manifest.inputs if each.file not in touched}


def check_unchanged(changes: Changes, inputs: list[Path]) -> None:
    """Looks again at the raw files that were read: they must be those that were looked at before.

    Raises:
        InputError: one is not.
    """
    before = changes.last.raw_files if changes.last else {}
    was_read = {name for name, sha256 in changes.raw_files.items() if before.get(name) != sha256}
    now = _raw_files(inputs, was_read)
    for name in sorted(was_read):
        if now.get(name) != changes.raw_files[name]:
            raise InputError(
                f"{name} changed while it was read",
                details=[f"expected sha256 {changes.raw_files[name]}, got {now.get(name, 'no such file')}"],
                cause="Somebody was writing it: a download that has not ended, or a copy.",
                next_step="run the command again when the file is complete.",
            )


def _raw_files(inputs: list[Path], only: Iterable[str] | None = None) -> dict[str, str]:
    """The sha256 of the raw files on disk, by name; those that are never opened have none."""
    found: dict[str, str] = {}
    for name, path in files_on_disk(inputs):
        if only is None or name in only:
            sha256 = _sha256(path) if is_opened(name) else ""
            # Files that were given one by one may be called the same.
            found[name] = f"{found[name]}{_AND}{sha256}" if name in found else sha256
    return found


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read",
            details=[error.strerror or str(error)],
            next_step="run the command again when it can be.",
        ) from error


def _events(raw_files: dict[str, str], last: Version | None) -> tuple[Event, ...]:
    before = last.raw_files if last else {}
    found = []
    for name in sorted(raw_files.keys() | before.keys()):
        if name not in before:
            found.append(Event("added", name))
        elif name not in raw_files:
            found.append(Event("gone", name))
        elif raw_files[name] != before[name]:
            found.append(Event("changed", name))
    return tuple(found)


def _has_all_files(folder: Path) -> bool:
    """Whether all files are there, as large as they were. Their bytes are compared before they are shared."""
    try:
        files = read_manifest(folder).files
        return version_name(folder) == folder.name and all(
            (folder / name).stat().st_size == entry.bytes for name, entry in files.items()
        )
    except (OSError, InputError):
        return False
