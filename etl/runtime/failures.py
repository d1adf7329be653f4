"""Says in true words why something cannot be written, or that there is too little memory.

The operating system and the libraries have errors of many classes for these; this is the one place that knows
them apart. `etl.cli` asks it for what nobody below has explained.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from etl.errors import EtlError, InputError, MemoryLimitError, WriteError
from etl.language.message import joined, tr
from etl.language.system_words import system_words
from etl.runtime import machine
from etl.schema import resources

_NO_ROOM = tr("make room, or choose a folder on another disk")
_NOT_YOURS = tr("choose a folder that you may write")
# The cause where the number alone says it, and what to do.
_WRITES = {
    errno.ENOSPC: (tr("The disk is full."), _NO_ROOM),
    errno.EDQUOT: (tr("Your quota on this disk is used up."), _NO_ROOM),
    errno.EACCES: (tr("The folder is not yours to write."), _NOT_YOURS),
    errno.EPERM: (tr("The folder is not yours to write."), _NOT_YOURS),
    errno.EROFS: (tr("The file system is mounted read-only."), _NOT_YOURS),
    errno.EFBIG: (
        tr("A limit on the size of files is in force (`ulimit -f`), or the file system has one."),
        tr("raise the limit, or choose a folder on another disk"),
    ),
    errno.ENAMETOOLONG: ("", tr("choose a shorter name")),
    errno.ENOTDIR: (tr("A part of the path is a file."), tr("choose another path")),
    errno.EEXIST: (tr("A part of the path is a file."), tr("choose another path")),
    errno.ELOOP: (tr("A link leads back to itself."), tr("choose another path, or remove the link")),
    errno.EMFILE: (
        tr("A limit on the number of open files is in force (`ulimit -n`)."),
        tr("raise the limit"),
    ),
}
_READS = _WRITES | {
    errno.EACCES: (
        tr("The file or a folder above it is not yours to read."),
        tr("ask its owner, or copy it"),
    ),
    errno.EPERM: (tr("The file or a folder above it is not yours to read."), tr("ask its owner, or copy it")),
}
_ONLY_OF_WRITES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG})
# polars: `… (os error 28)`; pyarrow: `[Errno 28] …`, `[errno 28] …`.
_NUMBER = re.compile(r"(?:os error |\[[Ee]rrno )(\d+)")
# What NumPy, PyTorch, LLVM, the loader of libraries, Python's threads and rayon say.
_SHORTAGE = re.compile(
    r"cannot allocate memory|can't allocate memory|unable to allocate|failed to map segment"
    r"|out of memory|not enough memory|can't start new thread|memory allocation of|not enough space"
    r"|resource temporarily unavailable",
    re.IGNORECASE,
)
_TIGHT_MB = 4_000  # of a container's limit: nothing here is expected to need more
_LOOP = "Symlink loop from "  # of pathlib
_NO_TEMPORARY_FOLDER = "No usable temporary directory"


def write_error(path: Path | str, error: BaseException, *, is_left: str = "") -> EtlError:
    """Returns the error for something that cannot be written, with a cause only where the system gives one.

    Args:
        path: what was to be written.
        error: as it was raised.
        is_left: what stands there now, appended to the next step.
    """
    if is_shortage(error):
        return shortage(error)
    cause, step = _WRITES.get(errno_of(error), ("", tr("run the command again, or choose another folder")))
    return WriteError(
        tr("{path} cannot be written", path=path),
        details=[_words(error, Path(path))],
        cause=cause,
        next_step=tr("{step}; {what_is_left}", step=step, what_is_left=is_left) if is_left else step + ".",
    )


def explain(error: BaseException) -> EtlError | None:
    """Returns what an error of the system or of a library means, or None where it may be our own defect."""
    if is_shortage(error):
        return shortage(error)
    if isinstance(error, FileNotFoundError) and _NO_TEMPORARY_FOLDER in str(error):
        return WriteError(
            tr("no temporary folder can be written"),
            details=[system_words(error)],
            next_step=tr("make room in one of them, or set TMPDIR to a folder that has some."),
        )
    if isinstance(error, RuntimeError) and str(error).startswith(_LOOP):
        return explain(OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(error)[len(_LOOP) :].strip("'")))
    if _is_of_library(error) and str(error).lstrip().startswith("parquet:"):
        return InputError(
            tr("a Parquet file cannot be read"),
            details=[str(error).partition("\n")[0]],
            cause=tr("It was damaged, or written by something that does not keep to the format."),
            next_step=tr("see which file with `etl validate DATASET`, or write the dataset again."),
        )
    if not is_of_system(error):
        return None
    name = getattr(error, "filename", None)
    path = name if isinstance(name, str) else None
    if errno_of(error) in _ONLY_OF_WRITES:
        return write_error(path or tr("a file"), error)
    cause, step = _READS.get(errno_of(error), ("", tr("check that it is there, and run the command again")))
    return InputError(
        tr("{path} cannot be used", path=path or tr("a file")),
        details=[_words(error, None)],
        cause=cause,
        next_step=step + ".",
    )


def is_shortage(error: BaseException) -> bool:
    """Whether an error, or what led to it, says that there is too little memory."""
    return any(_is_shortage(each) for each in _chain(error))


def shortage(error: BaseException | None, details: str = "") -> MemoryLimitError:
    """Returns the error for too little memory: what was wanted, as far as is known, and what there is.

    Args:
        error: as it was raised, if it was.
        details: what is known otherwise.
    """
    found = next((each for each in _chain(error) if _is_shortage(each)), error)
    wanted = details or (f"{type(found).__name__}: {found}".partition("\n")[0] if found is not None else "")
    return MemoryLimitError(
        tr("there is too little memory"),
        details=[line for line in (wanted, tr("there is {available}", available=available())) if line],
        cause=tr("A limit is in force (`ulimit -v`, a container's), or other programs take it all."),
        next_step=tr(
            "raise the limit, or take less: `--workers 1`, `--tagger whitespace`; "
            "docs/operations.md says what each command needs."
        ),
    )


def is_memory_limited() -> bool:
    """Whether a limit is in force that this process is likely to feel."""
    limit = machine.read_memory().limit_mb
    return machine.read_address_limit_mb() is not None or (limit is not None and limit < _TIGHT_MB)


def check_address_space(command: str | None) -> None:
    """Refuses a command that cannot work within the limit on address space.

    Raises:
        MemoryLimitError: the limit is lower than what the command takes.
    """
    limit = machine.read_address_limit_mb()
    if limit is None:
        return
    wanted = resources.load("schemas", "memory.yaml")["address_space_mb"].get(command, 0)
    if limit < wanted:
        raise shortage(
            None,
            tr(
                "`etl {command}` takes at least {wanted:,} MB of address space",
                command=command,
                wanted=wanted,
            ),
        )


def is_of_system(error: BaseException) -> bool:
    """Whether an error passes on one of the system: as `OSError`, or within the words of a library."""
    return (isinstance(error, OSError) or _is_of_library(error)) and errno_of(error) != 0


def _is_of_library(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in {"polars", "pyarrow", "safetensors"}


def errno_of(error: BaseException) -> int:
    """Returns the number of the system's error, also of those of libraries; 0 where there is none."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = _NUMBER.search(str(error))
    return int(found[1]) if found else 0


def _is_shortage(error: BaseException) -> bool:
    if isinstance(error, EtlError):
        return isinstance(error, MemoryLimitError)
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError) and errno_of(error):
        return errno_of(error) == errno.ENOMEM
    is_panic = type(error).__name__ == "PanicException"  # of Rust, which is no `Exception`
    # A library that gets no memory says anything; where nearly all is taken, that is why.
    if (isinstance(error, Exception) or is_panic) and machine.is_address_space_used_up():
        return True
    is_of_library = isinstance(error, RuntimeError | ImportError) or is_panic
    return is_of_library and _SHORTAGE.search(str(error)) is not None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def available() -> str:
    """Returns the memory that this process may have, in words."""
    memory = machine.read_memory()
    parts = [
        tr("{available_mb:,} MB free", available_mb=memory.available_mb)
        if memory.available_mb is not None
        else "",
        tr("a limit of {limit_mb:,} MB for the container", limit_mb=memory.limit_mb)
        if memory.limit_mb is not None
        else "",
        tr("a limit of {limit:,} MB of address space", limit=limit)
        if (limit := machine.read_address_limit_mb())
        else "",
    ]
    present = [part for part in parts if part]
    return joined(", ", present) if present else tr("none is left")


def _words(error: BaseException, path: Path | None) -> str:
    """The system's own words, and of what where that is something else than `path`."""
    words = system_words(error) if isinstance(error, OSError) else f"{error}".partition("\n")[0]
    name = getattr(error, "filename", None)
    name = name if isinstance(name, str) else ""
    is_inside = path is not None and Path(name).absolute().is_relative_to(path.parent.absolute())
    return words if not name or is_inside else joined(": ", (name, words))
