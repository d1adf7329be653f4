"""Finds the knowledge of the tool: `schemas/` and `data_contracts/`.

In a checkout they stand at the top of the repository, in a wheel beside the code; nobody else needs to know.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from etl.errors import SettingsError

_PACKAGE = Path(__file__).parents[1]
_ROOTS = (_PACKAGE / "_knowledge", _PACKAGE.parent)


def path(*parts: str) -> Path:
    """The path of one resource, such as `path("schemas", "emotions", "ko7.yaml")`.

    Raises:
        SettingsError: there is no such resource.
    """
    for root in _ROOTS:
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise SettingsError(
        f"{'/'.join(parts)} is not part of this installation",
        next_step="check the name, or install the package again",
    )


def names(*parts: str, suffix: str = ".yaml") -> list[str]:
    """The names, without `suffix`, of the resources in one folder, sorted."""
    return sorted(found.name.removesuffix(suffix) for found in path(*parts).glob(f"*{suffix}"))


@cache
def load(*parts: str) -> Any:
    """One YAML resource, decoded and kept: treat it as read-only."""
    return load_yaml(path(*parts).read_text(encoding="utf-8"))


def load_yaml(content: str | bytes) -> Any:
    """What `yaml.safe_load` gives, ten times faster where PyYAML has its C part: every command would notice.

    Raises:
        yaml.YAMLError: not YAML.
        UnicodeDecodeError: bytes that are not UTF-8.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(content, Loader=loader)  # noqa: S506 - it is the safe one


def cache_folder() -> Path:
    """Where what can be made again is kept between runs: `$ETL_CACHE_DIR`, or the user's own cache folder."""
    import platformdirs

    chosen = os.environ.get("ETL_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("korean-emotion-etl"))


@cache
def keep_compiled_code() -> None:
    """Has numba, not yet imported, keep what it compiles in the cache folder, or else for this run only."""
    kept = cache_folder() / "compiled"
    try:
        kept.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(kept, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        kept = Path(tempfile.mkdtemp(prefix="etl-compiled-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(kept))
