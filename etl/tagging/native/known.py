"""Whether the installed library is one that was compared in full."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any


def is_known(known: Mapping[str, Any], find_folder: Callable[[], Path]) -> bool:
    """Whether versions and files are those of `known` in the tagger's own file of `schemas/`.

    Args:
        known: `packages`, each with the versions that were compared, and `files`, each with its sha256.
        find_folder: says where the files are; an OSError or an ImportError where they are not installed.
    """
    try:
        if any(version(package) not in versions for package, versions in known["packages"].items()):
            return False
        folder = find_folder()
        return all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
            for name, sha256 in known["files"].items()
        )
    except (OSError, ImportError):
        return False
