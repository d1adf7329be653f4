"""Pointers: small files that stand in a checkout for large ones that were not fetched."""

from __future__ import annotations

import re

from etl.errors import InputError
from etl.language.message import tr

MAX_BYTES = 1024
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_GIT_LFS = re.compile(rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/v1\r?\n")
_GIT_LFS_SIZE = re.compile(rb"^size (\d+)", re.MULTILINE)
# https://git-annex.branchable.com/internals/pointer_file/
_GIT_ANNEX = re.compile(rb"/?(?:\.git/)?annex/objects/\S+\s")


def refuse_pointer(head: bytes, name: str) -> None:
    """Refuses a file that only points to the one it is called after.

    Args:
        head: its first bytes.
        name: what a person would call it.

    Raises:
        InputError: it is a pointer of Git LFS or of git-annex.
    """
    if _GIT_LFS.match(head):
        size = _GIT_LFS_SIZE.search(head)
        raise InputError(
            tr("{name} is a pointer of Git LFS, not the file itself", name=name),
            details=[tr("the file has {size:,} bytes", size=int(size[1][:20]))] if size else [],
            cause=tr("The repository was cloned without Git LFS, or downloaded as an archive."),
            next_step=tr("run `git lfs pull` in the clone, or download the file from its page."),
        )
    if _GIT_ANNEX.match(head):
        raise InputError(
            tr("{name} is a pointer of git-annex, not the file itself", name=name),
            cause=tr("The content was not fetched into this clone."),
            next_step=tr("run `git annex get` (or `datalad get`) in the clone."),
        )
