"""Fingerprints of everything that determines a result: code, schemas, packages and settings, as hashes.

Two runs with the same fingerprints give the same bytes. Each hash is computed from content, so neither the
date of a file nor a version number that was not raised can hide a change.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

import etl
from etl.corrections.files import read_corrections
from etl.runtime.files import sha256_file
from etl.schema import resources, taxonomy
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings
from etl.tagging import tagger
from etl.tagging.policy import Policy
from etl.tagging.policy import load as load_policy

# The rooms that no row of a dataset depends on. All others count, so new code cannot be forgotten.
_BESIDE_INGEST = {
    *("__main__.py", "cli.py", "commands", "labelling", "models", "publishing", "sample", "storage"),
    *("validation", "__pycache__"),
}
_SCHEMAS = ("columns.yaml", "labels", "pos", "okt.yaml", "splits.yaml", "synonyms.yaml")
_PACKAGES = ("polars", "pyarrow", "msgspec", "numba", "numpy", "fastexcel", "xxhash")


def hash_json(facts: Any) -> str:
    """Returns the sha256 of anything that JSON can represent."""
    content = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


@cache
def hash_ingest_code() -> str:
    """Hashes the code that rows and files of a dataset depend on, and the schemas and contracts it reads."""
    source = Path(etl.__file__).parent
    modules = [path for path in source.iterdir() if path.name not in _BESIDE_INGEST]
    schemas = [resources.path("schemas", name) for name in _SCHEMAS]
    return _hash_files([*modules, *schemas, resources.path("data_contracts")])


@cache
def hash_code(*rooms: str) -> str:
    """Hashes the code of some rooms, such as `validation`, and of everything that ingest needs."""
    source = Path(etl.__file__).parent
    return hash_json([hash_ingest_code(), _hash_files([source / room for room in rooms])])


def hash_schemas(*names: str) -> str:
    """Hashes some of the files in `schemas/`."""
    return _hash_files([resources.path("schemas", name) for name in names])


@cache
def hash_packages() -> str:
    """Hashes the versions of Python and of the packages that read, compute or write."""
    return hash_json([platform.python_version(), *(f"{name} {version(name)}" for name in _PACKAGES)])


def fingerprint_batches(settings: Settings, labels: Taxonomy, policy: Policy) -> dict[str, str]:
    """Returns the fingerprints of everything but the input that determines its batches after the steps."""
    dedupe = settings.dedupe
    chosen = {
        "labels": settings.labels,
        "read": settings.read,
        "table": settings.table,
        "tables": settings.tables,
        "clean": settings.clean,
        "tag": settings.tag,
        "split": settings.split,
        "short": [dedupe.short_eojeols, dedupe.short_chars, bool(dedupe.near)],
    }
    return {
        "settings": hash_json(msgspec.to_builtins(chosen)),
        "labels": labels.sha256,
        "tagger": str(tagger.fingerprint(settings.tag)["fingerprint"]),
        "key tokens": policy.sha256(),
        "code": hash_ingest_code(),
        "packages": hash_packages(),
        # Records are kept by their hashes, and another processor may compute others.
        "hashes": str(pl.Series(["key"]).hash(0).item()),
        **({"kiwi": _version_of_kiwi()} if settings.read.documents == "sentence" else {}),
    }


def _version_of_kiwi() -> str:
    """Returns the version of what cuts documents into sentences; "" if it is not installed."""
    try:
        return version("kiwipiepy")
    except PackageNotFoundError:
        return ""


def fingerprint_worker(settings: Settings) -> dict[str, str]:
    """Returns the fingerprints that a worker on another machine must share to make the same of a batch.

    Raises:
        SettingsError: the tagger is not installed.
    """

    facts = fingerprint_batches(settings, taxonomy.load(settings.taxonomy), load_policy(settings.tag))
    del facts["settings"]  # paths are others there
    return facts


def fingerprint_dataset(settings: Settings, labels: Taxonomy, policy: Policy) -> dict[str, str]:
    """Returns the fingerprints of everything but the raw files that determines a dataset.

    Raises:
        InputError: a file of corrections cannot be read.
    """
    chosen = [settings.read, settings.table, settings.tables, settings.clean, settings.tag, settings.split]
    # A file that was left out as too large may be read now.
    whole = hash_json(
        msgspec.to_builtins([settings.labels, *chosen, settings.limits, settings.dedupe, settings.write])
    )
    return fingerprint_batches(settings, labels, policy) | {
        "settings": whole,
        "corrections": hash_corrections(
            read_corrections(settings.corrections.files).hashes, settings.corrections.resolve
        ),
    }


def hash_corrections(files: Iterable[tuple[str, str]], resolve: str | tuple[str, ...]) -> str:
    """Hashes the decisions of people, and whose word counts.

    Args:
        files: names and hashes, see `etl.corrections.files.CorrectionFiles`.
        resolve: see `etl.settings.Corrections`.
    """
    return hash_json([list(map(list, files)), resolve])


def _hash_files(paths: Iterable[Path]) -> str:
    """Hashes names and content of files, and of all Python and YAML files in folders."""
    named: list[tuple[str, str]] = []
    for path in paths:
        files = [path] if path.is_file() else [*path.rglob("*.py"), *path.rglob("*.yaml")]
        named += [(file.relative_to(path.parent).as_posix(), sha256_file(file)) for file in files]
    return hash_json(sorted(named))
