"""What decides a result, as hashes: the code, the knowledge that comes with it, the packages, the settings.

Two runs whose hashes are all the same give the same bytes. Each is computed from content: no date of a file
and no version that somebody forgot to raise can hide a change.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

import etl
from etl.runtime.files import sha256_file
from etl.schema import resources, taxonomy
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings
from etl.tagging import tagger
from etl.tagging.policy import Policy
from etl.tagging.policy import load as load_policy

# The rooms that no row of a dataset depends on. All others count, so new code cannot be forgotten.
_BESIDE_INGEST = {
    *[
        "__main__.py",
        "cli.py",
        "commands",
        "documents",
        "models",
        "publishing",
        "sample",
        "storage",
        "validation",
    ],
    "__pycache__",
}
_KNOWLEDGE = ("columns.yaml", "labels", "pos", "okt.yaml")
_PACKAGES = ("polars", "pyarrow", "msgspec", "numba", "numpy", "fastexcel", "xxhash")


def digest(facts: Any) -> str:
    """The sha256 of anything that JSON can hold."""
    content = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


@cache
def code_of_ingest() -> str:
    """The code that rows and files of a dataset depend on, and the knowledge that comes with it."""
    source = Path(etl.__file__).parent
    modules = [path for path in source.iterdir() if path.name not in _BESIDE_INGEST]
    knowledge = [resources.path("schemas", name) for name in _KNOWLEDGE]
    return _of_files([*modules, *knowledge, resources.path("data_contracts")])


@cache
def code_of(*parts: str) -> str:
    """The code in some parts of the package, such as `validate` or `vocab.py`, and all that ingest needs."""
    source = Path(etl.__file__).parent
    return digest([code_of_ingest(), _of_files([source / part for part in parts])])


def of_knowledge(*names: str) -> str:
    """Some of the files in `schemas/`."""
    return _of_files([resources.path("schemas", name) for name in names])


@cache
def packages() -> str:
    """Python and the packages that read, compute or write."""
    return digest([platform.python_version(), *(f"{name} {version(name)}" for name in _PACKAGES)])


def of_batches(settings: Settings, labels: Taxonomy, policy: Policy) -> dict[str, str]:
    """What decides the rows of an input after the steps that see one batch, but for the input itself."""
    dedupe = settings.dedupe
    chosen = {
        "read": settings.read,
        "table": settings.table,
        "clean": settings.clean,
        "tag": settings.tag,
        "split": settings.split,
        "short": [dedupe.short_eojeols, dedupe.short_chars, bool(dedupe.near)],
    }
    return {
        "settings": digest(msgspec.to_builtins(chosen)),
        "labels": labels.sha256,
        "tagger": str(tagger.fingerprint(settings.tag)["fingerprint"]),
        "key tokens": policy.sha256(),
        "code": code_of_ingest(),
        "packages": packages(),
    }


def of_work(settings: Settings) -> dict[str, str]:
    """What decides what is made of a batch on a machine that got these settings.

    Keys are compared in one place, wherever they were made: so they must be the same, too.

    Raises:
        SettingsError: the tagger is not installed.
    """

    facts = of_batches(settings, taxonomy.load(settings.taxonomy), load_policy(settings.tag))
    del facts["settings"]  # paths are others there
    return facts | {"hashes": str(pl.Series(["key"]).hash(0).item())}


def of_ingest(settings: Settings, labels: Taxonomy, policy: Policy) -> dict[str, str]:
    """What decides a dataset, but for the raw files."""
    chosen = [settings.read, settings.table, settings.clean, settings.tag, settings.split]
    whole = digest(msgspec.to_builtins([*chosen, settings.dedupe, settings.write]))
    return of_batches(settings, labels, policy) | {"settings": whole}


def _of_files(paths: Iterable[Path]) -> str:
    """Names and content of files, and of all Python and YAML files in folders."""
    named: list[tuple[str, str]] = []
    for path in paths:
        files = [path] if path.is_file() else [*path.rglob("*.py"), *path.rglob("*.yaml")]
        named += [(file.relative_to(path.parent).as_posix(), sha256_file(file)) for file in files]
    return digest(sorted(named))
