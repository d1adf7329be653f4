"""Finds the raw files below the given paths: plain files, members of zips, tars of zips, split parts.

Nothing is unpacked to disk, media files are never opened, and an archive that would write outside its
folder, or that `etl.runtime.unpacking` finds far too large, is refused. `etl.ingestion.sources.detect` says
which corpus a file belongs to.
"""

from __future__ import annotations

import contextlib
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from etl.errors import InputError
from etl.ingestion.sources import pointer
from etl.ingestion.sources.disk import files_on_disk
from etl.ingestion.sources.entry import Entry, FileOnDisk, Open, entry_on_disk, opener_of
from etl.ingestion.sources.joined_parts import PART, join_parts
from etl.ingestion.sources.raw import DAMAGE_ERRORS, InputLog, RawFile, damaged_file
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime.unpacking import check_count, check_member, check_ratio, open_gzip
from etl.schema.file_forms import describe_form
from etl.settings import Limits
from etl.text.composition import composed

READABLE = {
    *(".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt"),
    *(".xlsx", ".xlsm", ".xls", ".parquet", ".arrow", ".feather"),
}
# Opened with `read.documents` only; `etl.documents` reads them.
DOCUMENTS = {
    *(".docx", ".docm", ".hwp", ".hwt", ".hwpx", ".hwtx", ".odt", ".pdf", ".rtf"),
    *(".md", ".markdown", ".htm", ".html", ".xhtml"),
    *(".eml", ".emlx", ".mbox", ".msg"),
}
_ARCHIVES = {".zip", ".tar", ".tgz", ".gz"}
# What `zipfile` and `tarfile` raise beside `DAMAGE_ERRORS` for an archive whose numbers or names are no such.
_ARCHIVE_ERRORS = (tarfile.TarError, ValueError, struct.error)
_PROMISED = {
    ".zip": tr("a zip archive"),
    ".tar": tr("a tar archive"),
    ".tgz": tr("a gzip archive"),
    ".gz": tr("a gzip archive"),
}
_HEAD_BYTES = 4096
# Why what stands in a folder is left aside.
NO_FILE = tr("it is no file")
# Section 4.3.7 of the ZIP specification: a signature first, the lengths of name and extra field last.
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_ENCRYPTED = 1  # the first of the general purpose bits
_ARCHIVES_OPEN = 8  # of those that another process has found


def walk(
    paths: list[Path], log: InputLog, limits: Limits = Limits(), *, has_documents: bool = False
) -> Iterator[RawFile]:
    """Yields every readable raw file below `paths`, sorted by path.

    Args:
        paths: files and folders. With several of them, a folder's own name leads the recorded path.
        log: records bad archives, and counts the files that are ignored, by suffix.
        limits: what an archive may at most be.
        has_documents: whether mails, chats and other documents are among the raw files.

    Raises:
        InputError: a path is missing, or an archive is bad and bad files are not skipped.
    """

    def leave_aside(name: str, why: str) -> None:
        log.leave_aside(RawFile(name, "", 0, opener_of(Path(name))), NO_FILE, why)
        log.warnings.append(tr("{name} is left aside: {why}", name=name, why=why))

    found = files_on_disk(paths, leave_aside)
    entries = [entry_on_disk((name, file.absolute(), file.stat().st_size)) for name, file in found]
    folder = paths[0].resolve().name if len(paths) == 1 and paths[0].is_dir() else ""
    readable = READABLE | DOCUMENTS if has_documents else READABLE
    for raw in _expand(sorted(entries, key=lambda entry: entry.file), log, limits, readable, 0):
        yield replace(raw, folder=folder)


@dataclass(frozen=True)
class DiskFiles:
    """Files on disk in which raw files are found again, in another process as well; see `raw.Origin`."""

    files: tuple[FileOnDisk, ...]
    limits: Limits

    def find(self, file: str, member: str) -> RawFile:
        """Returns a raw file that `walk` has found in them.

        Raises:
            InputError: it is no longer there.
        """
        raw = _raw_files(self).get((file, member))
        if raw is None:
            raise _changed(f"{file} → {member}" if member else file, tr("it is no longer there"))
        return raw

    def check(self) -> None:
        """Checks that all files are there.

        Raises:
            InputError: one cannot be seen from here, or has another size.
        """
        for _, path, size in self.files:
            try:
                found = path.stat().st_size
            except OSError as error:
                raise InputError(
                    tr("{path} cannot be read here: {problem}", path=path, problem=system_words(error)),
                    cause=tr("The raw files are on another machine's disk, or were moved meanwhile."),
                    next_step=tr(
                        "put them into a folder that all nodes share, under the same path on each; or use "
                        "`--engine local`."
                    ),
                ) from error
            if found != size:
                raise _changed(
                    str(path), tr("expected {size:,} bytes, got {found:,}", size=size, found=found)
                )


def _changed(name: str, found: str) -> InputError:
    return InputError(
        tr("{name} is another file than when the run began", name=name),
        details=[found],
        cause=tr("Somebody was writing it, or a node has another file at this path."),
        next_step=tr("run the command again when the file is complete, and the same for all nodes."),
    )


@lru_cache(maxsize=_ARCHIVES_OPEN)
def _raw_files(origin: DiskFiles) -> dict[tuple[str, str], RawFile]:
    # What was bad was said where it was found first.
    log = InputLog(skip_bad_files=True)
    entries = [entry_on_disk(each) for each in origin.files]
    raw_files = _expand(entries, log, origin.limits, READABLE | DOCUMENTS, 0)
    return {(raw.file, raw.member): raw for raw in raw_files}


def is_opened(name: str) -> bool:
    """Whether a file of this name is opened, as a raw file or an archive; others are only counted."""
    suffixes = _suffixes(name.rpartition("/")[2])
    return bool(suffixes) and (
        suffixes[-1] in READABLE | DOCUMENTS | _ARCHIVES or PART.match(name) is not None
    )


def is_plain(name: str) -> bool:
    """Whether a file of this name is read as it is: no archive, not compressed, no part of a split one."""
    return PART.match(name) is None and PurePosixPath(name.lower()).suffix in READABLE | DOCUMENTS


def whole_of(name: str) -> str:
    """Returns the name under which a file is read: `x.zip` for `x.zip.part1`."""
    match = PART.match(name)
    return match["whole"] if match else name


def _expand(
    entries: list[Entry], log: InputLog, limits: Limits, readable: set[str], depth: int
) -> Iterator[RawFile]:
    for entry in join_parts(entries):
        path = entry.member or entry.file
        name = path.rpartition("/")[2]
        if name.startswith(("._", ".DS_Store")) or "__MACOSX" in path.split("/"):
            continue
        try:
            yield from _expand_one(entry, _suffixes(name), log, limits, readable, depth)
        except InputError as error:
            log.raise_or_skip(entry.file, entry.member, error)
        except (*DAMAGE_ERRORS, *_ARCHIVE_ERRORS) as error:
            log.raise_or_skip(entry.file, entry.member, _damaged(entry, error))


def _damaged(entry: Entry, error: BaseException) -> InputError:
    """Returns the error for an archive that cannot be opened, or is something else."""
    try:
        with entry.open() as stream:
            said = describe_form(stream.read(_HEAD_BYTES))
    except (*DAMAGE_ERRORS, ValueError):
        said = None
    promised = _PROMISED.get(PurePosixPath((entry.member or entry.file).lower()).suffix)
    if not said or said in {"empty", "blank", promised}:
        return damaged_file(_raw_name(entry), error)
    return InputError(
        tr("{file} is {said}, not the archive that its name says", file=_raw_name(entry), said=said),
        details=[tr("expected {endings}, or a table that gzip has compressed", endings=", ".join(_PROMISED))],
        next_step=tr("unpack it if it is an archive, or run with `--on-bad-file skip` to go on without it."),
    )


def _raw_name(entry: Entry) -> str:
    return RawFile(entry.file, entry.member, 0, entry.open).name


def _suffixes(name: str) -> list[str]:
    """The suffixes of a file's name in lower case, as `PurePath.suffixes` has them, ten times as fast."""
    return [] if name.endswith(".") else [f".{part}" for part in name.lower().lstrip(".").split(".")[1:]]


def _expand_one(
    entry: Entry, suffixes: list[str], log: InputLog, limits: Limits, readable: set[str], depth: int
) -> Iterator[RawFile]:
    last = suffixes[-1] if suffixes else ""
    if last in _ARCHIVES and entry.size <= pointer.MAX_BYTES:
        with entry.open() as stream:
            pointer.refuse_pointer(stream.read(pointer.MAX_BYTES), _raw_name(entry))
    if last == ".zip":
        _check_depth(entry, depth, limits)
        # The archive is read from start to end before its first member is yielded: a damaged archive is
        # one bad file, not a handful of good members and a crash.
        yield from _expand(list(_zip_members(entry, limits)), log, limits, readable, depth + 1)
    elif last in {".tar", ".tgz"} or suffixes[-2:] == [".tar", ".gz"]:
        _check_depth(entry, depth, limits)
        yield from _expand(list(_tar_members(entry, limits)), log, limits, readable, depth + 1)
    elif last == ".gz" and len(suffixes) > 1 and suffixes[-2] in readable:
        yield _raw_file(entry, _gunzip(entry, limits), limits)
    elif last in readable:
        yield _raw_file(entry, entry.open, limits, entry.load)
    else:
        log.ignored[last or "(no extension)"] += 1


def _raw_file(entry: Entry, opener: Open, limits: Limits, load: Callable[[], bytes] | None = None) -> RawFile:
    origin = DiskFiles(entry.disk, limits)
    return RawFile(entry.file, entry.member, entry.size, opener, load, limits=limits, origin=origin)


def _check_depth(entry: Entry, depth: int, limits: Limits) -> None:
    if depth >= limits.archives:
        raise InputError(
            tr("{file} is nested too deeply", file=entry.file),
            details=[
                tr(
                    "expected at most {most} archives inside each other, got {member}",
                    most=limits.archives,
                    member=entry.member,
                )
            ],
            next_step=tr("unpack the outer archives yourself and pass the folder."),
        )


def _gunzip(entry: Entry, limits: Limits) -> Open:
    return lambda: open_gzip(entry.open(), _raw_name(entry), entry.size, limits)


def _zip_members(entry: Entry, limits: Limits) -> Iterator[Entry]:
    archive = zipfile.ZipFile(entry.open())
    check_count(entry.file, len(archive.infolist()), limits)
    members = []
    for member in archive.infolist():
        if not member.is_dir():
            name = member_name(member)
            _check_member(entry, name, member.file_size, member.compress_size, limits)
            members.append((name, member))
    for name, member in sorted(members, key=lambda pair: pair[0]):
        load = _load_member(entry, archive, member) if entry.is_on_disk else None
        yield entry.inside(name, member.file_size, _open_member(archive, member), load)


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Open:
    def opener() -> IO[bytes]:
        try:
            return archive.open(member)
        except ValueError as error:  # it would begin before the archive does
            raise zipfile.BadZipFile(str(error)) from error

    return opener


def _load_member(entry: Entry, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    """Inflates a member in one go, from a stream of its own: twice as fast as piece by piece."""

    def load() -> bytes:
        if member.compress_type != zipfile.ZIP_DEFLATED or member.flag_bits & _ENCRYPTED:
            return archive.read(member)
        with entry.open() as stream:
            stream.seek(member.header_offset)
            header = stream.read(_LOCAL_HEADER.size).ljust(_LOCAL_HEADER.size, b"\0")
            signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
            stream.seek(name_length + extra_length, io.SEEK_CUR)
            deflated = stream.read(member.compress_size)
        # One byte more than declared is asked for, so that a member cannot inflate beyond what was checked.
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(deflated, member.file_size + 1)
        is_whole = signature == b"PK\3\4" and len(content) == member.file_size
        if not is_whole or zlib.crc32(content) != member.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {member.filename!r}")
        return content

    return load


def _tar_members(entry: Entry, limits: Limits) -> Iterator[Entry]:
    archive = tarfile.open(fileobj=entry.open(), mode="r:*")  # noqa: SIM115 - members are opened later
    members: list[tarfile.TarInfo] = []
    inflated = 0
    for member in archive:  # of one that is compressed, going on to the next inflates this one
        members.append(member)
        inflated += member.size
        check_count(entry.file, len(members), limits)
        check_ratio(entry.file, member.name, entry.size, inflated, limits)
    archive.fileobj.seek(archive.offset)
    # tarfile takes a header that is damaged or cut off for the end, which is zeros or nothing.
    if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(tr("no member begins at byte {offset:,}", offset=archive.offset))
    for member in sorted(members, key=lambda each: each.name):
        name = composed(member.name).removeprefix("./")
        if member.isfile():
            _check_member(entry, name, member.size, member.size, limits)
            yield entry.inside(name, member.size, _open_tar_member(archive, member))


def _open_tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Open:
    def opener() -> IO[bytes]:
        stream = archive.extractfile(member)
        assert stream is not None  # a regular file always has one
        return stream

    return opener


def member_name(member: zipfile.ZipInfo) -> str:
    """Returns the name of a zip member in NFC; cp949 bytes that Python took for cp437 are repaired.

    A flag bit of a zip marks names as UTF-8; Korean Windows tools write cp949 without it.
    """
    name = member.filename
    if not member.flag_bits & 0x800:
        # Where this fails, it was cp437 after all, or something we cannot name better.
        with contextlib.suppress(UnicodeEncodeError, UnicodeDecodeError):
            name = name.encode("cp437").decode("cp949")
    return composed(name.replace("\\", "/"))


def _check_member(entry: Entry, name: str, size: int, packed: int, limits: Limits) -> None:
    has_drive = name[1:2] == ":" and name[0].isascii() and name[0].isalpha()
    if name.startswith("/") or has_drive or ".." in name.split("/"):
        raise InputError(
            tr("{file} is refused: a member leaves the archive's folder", file=entry.file),
            details=[tr("got a member called {name!r}", name=name)],
            cause=tr("No corpus is packed like this; the archive may be an attack."),
            next_step=tr("download it again from its publisher."),
        )
    if is_opened(name):
        check_member(entry.file, name, packed, size, limits)
