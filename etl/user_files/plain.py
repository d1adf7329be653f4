"""Tells files from a pipe, a device or a socket, of which reading may never end."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

_SPECIAL = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


def plain_file(path: Path) -> Path:
    """Returns the path of a file that can be read to its end; it is not opened for that.

    Raises:
        OSError: it is not there, or is a pipe, a device or a socket.
    """
    kind = _SPECIAL.get(stat.S_IFMT(path.stat().st_mode))
    if kind is not None:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
    return path
