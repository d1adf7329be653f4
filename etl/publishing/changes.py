"""Detects changes since the last version, by content: raw files, settings, labels, tagger, code."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from etl.dataset.manifest import read_manifest
from etl.errors import InputError
from etl.ingestion import fingerprints
from etl.ingestion.sources.archive import whole_of
from etl.ingestion.sources.snapshot import JOINT, Snapshot, take_snapshot
from etl.language.message import by_english, tr
from etl.schema import taxonomy
from etl.settings import Settings
from etl.storage.versions.local import LocalStore
from etl.storage.versions.version import Version, version_name
from etl.tagging.policy import load as load_policy

INGEST, VALIDATE, VOCABULARY, PUBLISH = "ingest", "validate", "build-vocab", "publish"
TRAIN, EXPORT = "train", "export"
STAGES = (INGEST, VALIDATE, VOCABULARY, TRAIN, EXPORT, PUBLISH)
_OPTIONAL = (TRAIN, EXPORT)
_MODEL_PACKAGES = ("torch", "scikit-learn", "safetensors", "onnx", "onnxruntime", "litert-torch")
RAW_FILES, DATASET = "raw files", "dataset"
# The names of facts, said to people; in the list of versions they are as they stand here.
_FACTS = by_english(
    *(tr("raw files"), tr("settings"), tr("labels"), tr("tagger"), tr("key tokens"), tr("corrections")),
    *(tr("code"), tr("packages"), tr("hashes"), tr("checks"), tr("dataset"), tr("model")),
)

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
        snapshot: the raw files as they are now.
        events: what happened to raw files.
        facts: for each stage what it depends on, as hashes; `dataset` is missing before there is one.
        why: for each stage why it must run; nothing where it need not. Only what is known beforehand.
    """

    last: Version | None
    snapshot: Snapshot
    events: tuple[Event, ...]
    facts: Facts
    why: dict[str, list[str]]

    @property
    def raw_files(self) -> dict[str, str]:
        """The sha256 of each raw file, by its name."""
        return self.snapshot.hashes

    @property
    def stages(self) -> list[str]:
        """The stages of the settings, in order."""
        return [stage for stage in STAGES if stage in self.facts or stage not in _OPTIONAL]

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
    snapshot = take_snapshot(inputs)
    raw_files = snapshot.hashes
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
    if refresh.train is not None:
        models = {"code": fingerprints.hash_code("models"), "packages": _hash_model_packages()}
        facts[TRAIN] = {"settings": fingerprints.hash_json(refresh.train), **models}
        if refresh.export:
            facts[EXPORT] = {"settings": fingerprints.hash_json(refresh.export), **models}
    last = max(store.versions(), key=lambda version: version.number, default=None)
    why = {stage: list_reasons(facts[stage], last.stages.get(stage) if last else None) for stage in facts}
    for stage in _OPTIONAL:
        if last and stage in last.stages and stage not in facts:
            why[stage] = [tr("refresh.{stage} was removed", stage=stage)]
    if last and not why[INGEST] and not _has_all_files(store.path_of(last.name)):
        why[INGEST] = [tr("a file of version {version} is missing or cut off", version=last.name)]
    return Changes(last, snapshot, _events(raw_files, last), facts, why)


def list_reasons(now: dict[str, str], before: dict[str, str] | None) -> list[str]:
    """Which facts differ; those that are not known yet are left out."""
    if before is None:
        return [tr("it was not done before")]
    return [
        tr("{fact} changed", fact=_FACTS.get(name, name)) for name in now if now[name] != before.get(name)
    ]


def known_hashes(changes: Changes, store: LocalStore) -> dict[tuple[str, str], str]:
    """The sha256 of the content of raw files and members whose file on disk is that of the last version."""
    plain = changes.snapshot.content_hashes()
    if changes.last is None:
        return plain
    before, now = changes.last.raw_files, changes.raw_files
    touched = {
        whole_of(name)
        for name in before.keys() | now.keys()
        if before.get(name) != now.get(name) or JOINT in now[name]
    }
    try:
        manifest = store.read_manifest(changes.last.name)
    except InputError:  # it is damaged: then nothing more is known
        return plain
    return plain | {
        (file.file, file.member): file.sha256 for file in manifest.inputs if file.file not in touched
    }


def check_unchanged(changes: Changes) -> None:
    """Checks that the raw files that were read are the ones whose hashes are in `changes`.

    Raises:
        InputError: one is not.
    """
    before = changes.last.raw_files if changes.last else {}
    changes.snapshot.check_unchanged(
        name for name, sha256 in changes.raw_files.items() if before.get(name) != sha256
    )


def _hash_model_packages() -> str:
    found = {}
    for name in _MODEL_PACKAGES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return fingerprints.hash_json([fingerprints.hash_packages(), found])


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
