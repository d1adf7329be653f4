"""Raw files, on disk or in an archive, and the log of what became of each: read, left aside or skipped.

A raw file is known by the sha256 of its bytes. The adapters and `etl.ingestion.tables` read the content.
"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import IO, Any, Protocol

from etl.errors import InputError, is_transient
from etl.language.message import joined, tr
from etl.runtime.threads import submit, wait_for_result
from etl.settings import Limits

# What the standard library raises for an archive that is cut off, damaged or encrypted.
DAMAGE_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
# Inflating needs little of the interpreter but waits for it again and again while a caller decodes JSON.
READ_AHEAD = 3


@dataclass(frozen=True)
class RawFile:
    """One raw file.

    Args:
        file: path below the input folder, NFC, with `/`.
        member: path inside the archive, nested archives joined by `/`; empty for a plain file.
        size: bytes once inflated, as declared.
        open: opens it for reading; the stream is seekable.
        load: all its bytes at once, where that is faster than `open` and safe on several threads.
        sha256: that of its bytes if it is known already; then reading does not compute it again.
        split: the official split of its rows, where the names of files or the settings of a table say it.
        folder: the name of the input folder, where that does not lead `file`.
        limits: what it may at most be once unpacked.
        origin: the files on disk that it is or is in; with them it can be sent to another process.
    """

    file: str
    member: str
    size: int
    open: Callable[[], IO[bytes]] = field(compare=False, repr=False)
    load: Callable[[], bytes] | None = field(default=None, compare=False, repr=False)
    sha256: str | None = field(default=None, compare=False, repr=False)
    split: str | None = field(default=None, compare=False, repr=False)
    folder: str = field(default="", compare=False, repr=False)
    limits: Limits = field(default=Limits(), compare=False, repr=False)
    origin: Origin | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles it without its open streams: where it arrives it is opened anew, from the same path."""
        assert self.origin is not None, self.name
        stated = {each.name: getattr(self, each.name) for each in fields(self)}
        return _arrived, (stated | {"open": None, "load": None}, self.load is not None)

    def check_on_disk(self) -> None:
        """Checks a file that another machine sent: it must be on disk here, and as large.

        Raises:
            InputError: it is not.
        """
        if isinstance(self.open, _Reopen):
            self.open.origin.check()

    @property
    def name(self) -> str:
        """The name for messages: `archive.zip → member.json`."""
        return f"{self.file} → {self.member}" if self.member else self.file

    @property
    def path(self) -> str:
        """Folder, archive and member as one path, for hints such as `Training` and for sorting."""
        return f"{self.file}/{self.member}" if self.member else self.file

    def inside(self, part: str) -> RawFile:
        """The file as that of a part of it, such as a sheet of a workbook; itself where that is empty."""
        return replace(self, member=f"{self.member}/{part}" if self.member else part) if part else self

    def head(self, size: int = 65_536) -> bytes:
        """The first `size` bytes, inflated."""
        with self.open() as stream:
            return stream.read(size)

    def hash_bytes(self) -> str:
        """Computes the sha256 of its bytes."""
        with self.open() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]


class Origin(Protocol):
    """Files on disk, by which raw files are found again; made by `etl.ingestion.sources.archive`."""

    def find(self, file: str, member: str) -> RawFile:
        """Returns the raw file of that name."""

    def check(self) -> None:
        """Raises an InputError unless they are on disk here."""


@dataclass(frozen=True)
class _Reopen:
    """Opens a raw file that came from another process."""

    origin: Origin
    file: str
    member: str

    def __call__(self) -> IO[bytes]:
        return self.origin.find(self.file, self.member).open()

    def load(self) -> bytes:
        raw = self.origin.find(self.file, self.member)
        assert raw.load is not None  # it is asked only where there was one
        return raw.load()


def _arrived(stated: dict[str, Any], has_load: bool) -> RawFile:
    reopen = _Reopen(stated["origin"], stated["file"], stated["member"])
    return RawFile(**{**stated, "open": reopen, "load": reopen.load if has_load else None})


def read_ahead(raw_files: list[RawFile]) -> Iterator[RawFile]:
    """Yields the same files; threads inflate and hash the next ones while the caller decodes this one.

    A handful of files are in memory at a time. An error of reading is raised where the file is opened.
    """
    # Streams into one archive within another share a position, so only one thread may read those.
    threads = READ_AHEAD if all(raw.load is not None for raw in raw_files) else 1
    upcoming: deque[tuple[RawFile, Future[_Hashed]]] = deque()
    with ThreadPoolExecutor(threads) as readers:
        for raw in raw_files:
            upcoming.append((raw, submit(readers, _read_all, raw)))
            if len(upcoming) > threads:
                yield _already_read(*upcoming.popleft())
        while upcoming:
            yield _already_read(*upcoming.popleft())


def _already_read(raw: RawFile, content: Future[_Hashed]) -> RawFile:
    return replace(raw, open=partial(wait_for_result, content), load=None)


class _Hashed(io.BytesIO):
    """Bytes in memory whose sha256 is known."""

    def __init__(self, content: bytes, sha256: str | None):
        super().__init__(content)
        self.sha256 = sha256 or hashlib.sha256(content).hexdigest()


def _read_all(raw: RawFile) -> _Hashed:
    if raw.load is not None:
        return _Hashed(raw.load(), raw.sha256)
    with raw.open() as stream:
        return _Hashed(stream.read(), raw.sha256)


class HashingStream:
    """A stream that counts and hashes the bytes that are read from it.

    Args:
        stream: where the bytes come from.
        sha256: that of all of them if it is known already.
    """

    def __init__(self, stream: IO[bytes], sha256: str | None = None):
        self._stream = stream
        self._known_sha256 = stream.sha256 if isinstance(stream, _Hashed) else sha256
        self._sha256 = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        """Reads up to `size` bytes; all that is left by default."""
        chunk = self._stream.read(size)
        if self._known_sha256 is None:
            self._sha256.update(chunk)
        self.size += len(chunk)
        return chunk

    def hexdigest(self) -> str:
        """The sha256 of what was read so far, or of all of it where that is known."""
        return self._known_sha256 or self._sha256.hexdigest()


@dataclass
class OpenFile:
    """A raw file while it is read; its reader sets `encoding`, counts `rows`, and says what was odd in it."""

    raw: RawFile
    stream: HashingStream
    encoding: str = "utf-8"
    rows: int = 0
    findings: list[str] = field(default_factory=list)


@dataclass
class InputLog:
    """Records what happened to each raw file of a run; the manifest has all of it."""

    skip_bad_files: bool = False
    inputs: list[dict[str, Any]] = field(default_factory=list)
    left_aside: list[dict[str, str]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def leave_aside(self, raw: RawFile, kind: str, details: str = "", rows: int | None = None) -> None:
        """Records a file, or a sheet, that is not read.

        Args:
            raw: the file.
            kind: why such files are not read, the same for all of them.
            details: more of this one: which file is read instead.
            rows: how many rows are not read with it; then it is a warning as well.
        """
        why = joined(": ", (kind, details)) if details else kind
        if rows:
            self.warnings.append(tr("{name} is left aside: {why}", name=raw.name, why=why))
        self.left_aside.append({"file": raw.file, "member": raw.member, "kind": kind, "why": why})

    def raise_or_skip(
        self, file: str, member: str, error: InputError, open_file: OpenFile | None = None
    ) -> None:
        """Raises the error of a bad file, or records it where bad files are skipped.

        Rows that were read before the damage are kept and counted.
        """
        # A file server that is away for a moment is no reason to do without a file.
        if not self.skip_bad_files or is_transient(sys.exception()):
            raise error
        found = joined("; ", (error.what, *error.details))
        rows = open_file.rows if open_file else 0
        self.skipped.append({"file": file, "member": member, "error": found, "rows": rows})

    def add(self, further: InputLog) -> None:
        """Appends the log of further files."""
        self.inputs += further.inputs
        self.left_aside += further.left_aside
        self.skipped += further.skipped
        self.ignored += further.ignored
        self.warnings += further.warnings

    @contextmanager
    def open_file(self, raw: RawFile, **facts: str | None) -> Iterator[OpenFile]:
        """Opens one raw file; hashes it, records it in `inputs`, and turns damage into an explained error.

        Args:
            raw: the file.
            facts: what the manifest records beside its hash: source, release, split.

        Raises:
            InputError: the file is damaged or not what it should be, and bad files are not skipped.
        """
        open_file: OpenFile | None = None
        try:
            with raw.open() as stream:
                open_file = OpenFile(raw, HashingStream(stream, raw.sha256))
                try:
                    yield open_file
                except GeneratorExit:  # enough was read (`read.limit`)
                    self._record(open_file, facts)
                    raise
                self._record(open_file, facts)
        except InputError as error:
            self.raise_or_skip(raw.file, raw.member, error, open_file)
        except DAMAGE_ERRORS as error:
            self.raise_or_skip(raw.file, raw.member, damaged_file(raw.name, error), open_file)

    def _record(self, open_file: OpenFile, facts: dict[str, str | None]) -> None:
        while open_file.stream.read(1 << 20):  # the hash covers the whole file, however much of it was needed
            pass
        self.warnings += [joined(": ", (open_file.raw.name, finding)) for finding in open_file.findings]
        self.inputs.append(
            {
                "file": open_file.raw.file,
                "member": open_file.raw.member,
                **facts,
                "split": facts.get("split") or open_file.raw.split,
                "bytes": open_file.stream.size,
                "sha256": open_file.stream.hexdigest(),
                "encoding": open_file.encoding,
                "rows": open_file.rows,
            }
        )


def damaged_file(name: str, error: BaseException) -> InputError:
    """Returns the error for a file whose bytes cannot be read."""
    if isinstance(error, RuntimeError) and "encrypted" in str(error):  # the words of zipfile
        return InputError(
            tr("{name} is encrypted", name=name),
            details=[tr("expected a file that needs no password")],
            cause=tr("It was packed with a password, which cannot be given here."),
            next_step=tr(
                "unpack it and give the folder, or run with `--on-bad-file skip` to go on without it."
            ),
        )
    if isinstance(error, RecursionError):
        return InputError(
            tr("{name} is nested too deeply", name=name),
            details=[error],
            cause=tr("No corpus nests hundreds of levels deep; the file is damaged, or something else."),
            next_step=tr("write it again, or run with `--on-bad-file skip` to go on without it."),
        )
    return InputError(
        tr("{name} cannot be read", name=name),
        details=[error if str(error) else type(error).__name__],
        cause=tr("The download was cut off, or the file was edited."),
        next_step=tr("download it again, or run with `--on-bad-file skip` to go on without it."),
    )


def changed_while_read(name: str, expected: str, got: str) -> InputError:
    """Returns the error for a raw file whose content at the end is not that of the beginning."""
    return InputError(
        tr("{name} changed while it was read", name=name),
        details=[tr("expected sha256 {expected}, got {got}", expected=expected, got=got)],
        cause=tr("Somebody was writing it: a download that has not ended, or a copy."),
        next_step=tr("run the command again when the file is complete."),
    )
