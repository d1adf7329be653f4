"""Tells files from pipes, devices and sockets, of which reading may never end, and from links to nowhere."""

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
        OSError: it is not there, or is a pipe, a device, a socket, or a link to none of all files.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link that leads back to itself", str(path)) from error
        if error.errno == errno.ENOENT and path.is_symlink():
            words = f"it is a link to {path.readlink()}, which does not exist"
            raise FileNotFoundError(errno.ENOENT, words, str(path)) from error
        raise
    kind = _SPECIAL.get(stat.S_IFMT(mode))
    if kind is not None:
        raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))
    return path
