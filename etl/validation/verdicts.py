"""Stores what Great Expectations said of patterns of rows, so that the next version need not ask it again.

Its import takes longer than the whole check, and patterns are mostly those of the version before. A verdict
holds for these patterns, this code, these schemas and these packages only: all of that is in its key. A file
that is missing, damaged or another code's counts as empty.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.metadata import version
from pathlib import Path

import msgspec

from etl.errors import WriteError
from etl.ingestion import fingerprints
from etl.language.message import tr
from etl.runtime.files import write_atomic, xxh3_bytes
from etl.runtime.json_text import decode_json
from etl.validation.row_patterns import SplitPatterns, Verdict

_log = logging.getLogger(__name__)
_PACKAGES = ("great-expectations", "pandas")


class _File(msgspec.Struct, frozen=True):
    """Verdicts by key as JSON, with the fingerprint of what gave them and a checksum."""

    fingerprint: str
    verdicts: str
    xxh3: str


def key_of(patterns: SplitPatterns) -> str:
    """Returns the key of the verdict on patterns: a hash of them and of all that judges them."""
    return fingerprints.hash_json([_fingerprint(), msgspec.to_builtins(patterns)])


def load_verdicts(file: Path) -> dict[str, Verdict]:
    """Loads what `save_verdicts` saved, by key; nothing where that cannot be trusted."""
    try:
        stored = decode_json(file.read_bytes(), _File)
        if stored.fingerprint != _fingerprint() or stored.xxh3 != xxh3_bytes(stored.verdicts.encode()):
            return {}
        return msgspec.json.decode(stored.verdicts, type=dict[str, Verdict])
    except (OSError, msgspec.DecodeError):
        return {}


def save_verdicts(file: Path, verdicts: dict[str, Verdict]) -> None:
    """Saves verdicts in the place of those that are there; where that fails, they are asked for again."""
    content = msgspec.json.encode(verdicts).decode()
    stored = _File(_fingerprint(), content, xxh3_bytes(content.encode()))
    try:
        write_atomic(file, msgspec.json.encode(stored))
    except WriteError as error:
        _log.warning(tr("what was found of the contract is not kept for the next run: {error}", error=error))


@cache
def _fingerprint() -> str:
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    return fingerprints.hash_json(
        [fingerprints.hash_code("validation"), fingerprints.hash_packages(), packages]
    )
