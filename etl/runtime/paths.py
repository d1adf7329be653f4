"""Paths on this machine, told from URLs, and the folders that the tool writes to beside its output."""

from __future__ import annotations

import atexit
import os
import re
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from etl.errors import SettingsError
from etl.language.message import tr
from etl.runtime.scratch import temporary_folder
from etl.settings import PathLike

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def is_remote(text: str) -> bool:
    """Whether a text is a URL, other than that of a local file."""
    return _URL.match(text) is not None and not text.lower().startswith("file://")


def local_path(path: PathLike) -> Path:
    """Returns the path of a local file or folder that is written as a path, or as `file://`.

    Raises:
        SettingsError: it is another URL, which `Path` would take for a folder called `s3:`.
    """
    text = os.fspath(path)
    if is_remote(text):
        raise SettingsError(
            tr("a URL is given where a path is expected"),
            details=[tr("got one that begins with {scheme}://", scheme=text.partition("://")[0])],
            cause=tr("URLs are read and written by the commands and by etl.refresh only."),
            next_step=tr("use the command, such as `etl ingest`, or copy the files to this machine."),
        )
    return Path(unquote(urlsplit(text).path)) if text.lower().startswith("file://") else Path(path)


def cache_folder() -> Path:
    """Returns the folder for what can be made again: `$ETL_CACHE_DIR`, or the user's own cache folder."""
    import platformdirs

    chosen = os.environ.get("ETL_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("korean-emotion-etl"))


@cache
def keep_compiled_code() -> None:
    """Makes numba and torch keep what they compile in the cache folder, or in one that lasts as this process.

    The folder of torch would else be left in the system's folder for temporary files. Must be called before
    numba is imported, and before the first optimiser of torch is made.
    """
    folder = cache_folder() / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_writable = os.access(folder, os.W_OK)
    except OSError:
        is_writable = False
    if not is_writable:
        stack = ExitStack()
        folder = stack.enter_context(temporary_folder("compiled"))
        atexit.register(stack.close)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder))
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder / "torch"))
