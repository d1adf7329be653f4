"""Tells files from pipes, devices and sockets, of which reading may never end, and from links to nowhere."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

from etl.language.message import tr

_SPECIAL = {
    stat.S_IFIFO: tr("it is a pipe, not a file"),
    stat.S_IFCHR: tr("it is a device, not a file"),
    stat.S_IFBLK: tr("it is a device, not a file"),
    stat.S_IFSOCK: tr("it is a socket, not a file"),
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
            words = tr("it is a link that leads back to itself")
            raise OSError(errno.ELOOP, words, str(path)) from error
        if error.errno == errno.ENOENT and path.is_symlink():
            words = tr("it is a link to {target}, which does not exist", target=path.readlink())
            raise FileNotFoundError(errno.ENOENT, words, str(path)) from error
        raise
    special = _SPECIAL.get(stat.S_IFMT(mode))
    if special is not None:
        raise OSError(errno.EINVAL, special, str(path))
    return path
