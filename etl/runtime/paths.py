"""Folders on this machine that the tool writes to beside its output."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path


def cache_folder() -> Path:
    """Returns the folder for what can be made again: `$ETL_CACHE_DIR`, or the user's own cache folder."""
    import platformdirs

    chosen = os.environ.get("ETL_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("korean-emotion-etl"))


@cache
def keep_compiled_code() -> None:
    """Makes numba keep what it compiles in the cache folder, or in a temporary one if that is not writable.

    Must be called before numba is imported.
    """
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        folder = Path(tempfile.mkdtemp(prefix="etl-compiled-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
