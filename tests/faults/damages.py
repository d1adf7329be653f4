"""Every artefact damaged in every way, and every command that reads it: the same result, or its name.

The promise is broken where a command gives another result than for the undamaged folder, ends otherwise than
with exit code 3 or 4 and the name of the file, or changes what is none of its business. What users write
themselves holds no sum: there a damage may change the result, and no more is promised than an explanation.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from support.run_etl import Run, environment

from faults import prepared as prepared_folder
from faults.api import API
from faults.counts import Count
from faults.table import ARTEFACTS, COMMANDS, HOLDERS, Command

# What nothing has counted: each of its bytes may be meant.
BY_USERS = ("raw", "settings", "corrections", "filled spreadsheet", "pre-trained")
_CONFIG = "--config"
_EXPLAINED = (3, 4)
_EXPLAINED_TO_USERS = (0, 2, 3, 4)  # 2: wrong settings
_NOBODY = 65534
_READS_ALL = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_PR_CAPBSET_DROP = 24
_HANGS_SECONDS = 120
_EVERY = 3
# They take seconds each.
COSTLY = {"validate", "validate against", "validate()", "export onnx", "export torchscript"}
# What differs between two runs of the same: times, and the order of rows in what is kept for later runs.
VARYING = re.compile(
    r"(^|/)tensorboard/|^cache/|^place/(cache/|runs\.jsonl)|^made/(validations/|index\.html|metadata\.json|model\.pt)"
)
# These say what they have done, which may be more where something has to be made again, found, or measured.
_ACCOUNTS = ("refresh", "cache", "export")
_DURATION = re.compile(r"\d[\d.,]* m?s\b")
# What a command that fails may leave: the report of what is wrong, and the record of the run.
_LEFT_BY_FAILURES = re.compile(r"(^|/)validation/|^place/(runs\.jsonl|refresh\.lock|failed/|cache/)|^made/")
# A rollback to a named version describes others anew; a model knows its dataset by the sum of its manifest,
# which is another where that has no sum of its own; a manifest of the format before this one keeps it.
_REWRITTEN = {
    ("version: version", "version.json"),
    ("dataset: manifest", "model.json"),
    ("dataset: manifest", "manifest.json"),
}
# A rollback to a named version says which one was current: none, where that is lost.
_TOLD = {("publish dir: link to the current version", "rollback")}
Spoil = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Damage:
    """What is done to a file before a command runs.

    Args:
        kind: of `KINDS`.
        artefact: of the table.
        reader: a command of the table, or a function of `API`.
    """

    kind: str
    artefact: str
    reader: str

    def __str__(self) -> str:
        return f"{self.artefact}, {self.kind}, {self.reader}"


@dataclass(frozen=True)
class Result:
    """How a run ended, its answer, all that it said, and what the files hold that do not vary."""

    exit_code: int
    answer: str
    said: str
    files: dict[str, str]


def _flip(content: bytes, chance: random.Random) -> bytes:
    bit = chance.randrange(8 * len(content))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def _cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(1, len(content))]


def _older(content: bytes, _: random.Random) -> bytes:
    """The format that was before this one: a lower number, no sum of its own."""
    older = re.sub(
        rb'("format": ?)(\d+)', lambda found: found[1] + b"%d" % (int(found[2]) - 1), content, count=1
    )
    return re.sub(rb',\s*"own_sha256": ?"[0-9a-f]*"', b"", older)


SPOILS: dict[str, Spoil] = {
    "a bit flipped": _flip,
    "another bit flipped": _flip,
    "a third bit flipped": _flip,
    "cut": _cut,
    "emptied": lambda _, __: b"",
    "doubled": lambda content, _: content * 2,
    "older format": _older,
}
GONE, EXCHANGED, UNREADABLE = "gone", "exchanged", "other owner"
KINDS = (*SPOILS, GONE, EXCHANGED, UNREADABLE)


def list_damages() -> list[Damage]:
    """All of them, in a fixed order; whether one applies to a file is seen when it is tried."""
    readers = {name: _reads(command) for name, command in COMMANDS.items() if not command.is_long}
    readers |= {name: each.reads for name, each in API.items()}
    return [
        Damage(kind, artefact, reader)
        for reader, holders in readers.items()
        for artefact in ARTEFACTS
        if artefact.partition(":")[0] in holders
        for kind in KINDS
    ]


def _reads(command: Command) -> tuple[str, ...]:
    return (*command.reads, *(("settings",) if _CONFIG in command.words else ()))


class Harness:
    """Tries damages in a copy of a prepared folder.

    Args:
        folder: of `prepared.prepare`; it stays as it is.
        copy: where it is copied to for each of them.
    """

    def __init__(self, folder: Path, copy: Path):
        self.folder, self.copy = folder, copy
        self.undamaged = cache(self._run_undamaged)

    def try_damage(self, damage: Damage) -> str | None:
        """Runs a command with a damaged file.

        Returns:
            How it broke the promise, or "" where it did not; None where there is no such damage of that file.
        """
        prepared_folder.copy(self.folder, self.copy)
        file = _choose(self.copy, damage)
        with _damaged(self.copy, file, damage) as is_damaged:
            if not is_damaged:
                return None
            before = prepared_folder.contents(self.copy)
            result = self._run(damage.reader)
        return self._broken_promise(damage, file.relative_to(self.copy).as_posix(), before, result)

    def _run_undamaged(self, reader: str) -> Result:
        prepared_folder.copy(self.folder, self.copy)
        result = self._run(reader)
        assert result.exit_code == 0, (reader, result.said)
        return result

    def _run(self, reader: str) -> Result:
        run = (
            prepared_folder.run_words(prepared_folder.words_of(COMMANDS[reader], self.folder), self.copy)
            if reader in COMMANDS
            else _call(reader, self.copy)
        )
        files = {
            name: content
            for name, content in prepared_folder.contents(self.copy).items()
            if not VARYING.search(name)
        }
        answer = "" if reader.startswith(_ACCOUNTS) else _DURATION.sub("", run.stdout)
        return Result(run.returncode, answer, run.stdout + run.stderr, files)

    def _broken_promise(self, damage: Damage, file: str, before: dict[str, str], result: Result) -> str:
        said, code = result.said, result.exit_code
        is_by_users = damage.artefact.partition(":")[0] in BY_USERS
        if "Traceback" in said or "something unexpected" in said:
            return f"defect, exit {code}: {said}"
        if is_by_users:
            return "" if code in _EXPLAINED_TO_USERS else f"exit {code}: {said}"
        if code in _EXPLAINED:
            if not _is_named(file, damage, said):
                return f"exit {code} without the name: {said}"
            changed = {name for name in before.keys() | result.files.keys() if not VARYING.search(name)}
            changed = {name for name in changed if before.get(name) != result.files.get(name)}
            left = sorted(name for name in changed if not _LEFT_BY_FAILURES.search(name))
            return f"exit {code}, but changed: {left}" if left else ""
        expected = self.undamaged(damage.reader)
        if _shows_findings(damage.reader) and _is_named(file, damage, said):
            return ""
        if code != expected.exit_code:
            return f"exit {code}: {said}"
        if result.answer != expected.answer and (damage.artefact, damage.reader) not in _TOLD:
            return f"another answer: {_difference(expected.answer, result.answer)}"
        others = sorted(
            name
            for name in expected.files.keys() | result.files.keys()
            if result.files.get(name) != expected.files.get(name)
            and (damage.artefact, Path(name).name) not in _REWRITTEN
            # A file that the command leaves alone is as damaged as before.
            and not (
                name == file and result.files.get(name) == before.get(name) and self._is_left(name, damage)
            )
        )
        return f"other files: {others}" if others else ""

    def _is_left(self, name: str, damage: Damage) -> bool:
        """Whether an undamaged run leaves a file as it was, so that nobody has to repair it."""
        return self.undamaged(damage.reader).files.get(name) == prepared_folder.contents(self.folder).get(
            name
        )


def _is_named(file: str, damage: Damage, said: str) -> bool:
    """Whether the file is named; of a dataset with the manifest of another one, any file that is another."""
    path = Path(file)
    others = f"{path.parent}/" in said or "do not have the sha256 that the manifest lists" in said
    return path.name in said or (damage.kind == EXCHANGED and others)


def _shows_findings(reader: str) -> bool:
    """Whether a command shows what is wrong and ends well, as `--fail-on never` wants it."""
    return reader in COMMANDS and "never" in COMMANDS[reader].words


def _difference(expected: str, got: str) -> str:
    pairs = zip(expected.splitlines(), got.splitlines(), strict=False)
    return next((f"expected {one!r}, got {other!r}" for one, other in pairs if one != other), "other lines")


def _call(name: str, folder: Path) -> Run:
    with prepared_folder.inside(folder):
        exit_code, answer, error = API[name].call()
    return Run([name], exit_code, answer, error)


def _choose(folder: Path, damage: Damage) -> Path:
    """One of the files that an artefact stands for, always the same for a damage."""
    files = sorted(folder.glob(ARTEFACTS[damage.artefact]))
    return files[_chance(damage).randrange(len(files))]


def _chance(damage: Damage) -> random.Random:
    return random.Random(zlib.crc32(str(damage).encode()))


@contextlib.contextmanager
def _damaged(folder: Path, file: Path, damage: Damage) -> Iterator[bool]:
    """Damages a file; gives whether that could be done and made a difference."""
    if damage.kind == UNREADABLE:
        with _unreadable(file) as is_done:
            yield is_done
        return
    if damage.kind == GONE:
        file.unlink()
        yield True
        return
    if file.is_symlink():  # a version that is not there
        yield damage.kind == "cut"
        return
    content, chance = file.read_bytes(), _chance(damage)
    if damage.kind == EXCHANGED:
        spoilt = _of_another(folder, file, damage.artefact)
    elif damage.kind == "older format" and content.startswith(b"SQLite"):
        spoilt = _older_sqlite(file)
    else:
        spoilt = SPOILS[damage.kind](content, chance) if content else None
    if spoilt is not None and spoilt != content:
        file.unlink()
        file.write_bytes(spoilt)
        yield True
    else:
        yield False


def _of_another(folder: Path, file: Path, artefact: str) -> bytes | None:
    """The content of another file of the same kind, in this holder or in another one."""
    name = artefact.partition(": ")[2]
    alike = [f"{holder}: {name}" for holder, (_, files) in HOLDERS.items() if name in files]
    others = [other for each in (artefact, *alike) for other in sorted(folder.glob(ARTEFACTS[each]))]
    if "shard" in name:
        others += sorted(file.parent.glob("*.parquet"))
    content = file.read_bytes()
    return next((found for other in others if (found := other.read_bytes()) != content), None)


def _older_sqlite(file: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA application_id = 1")
        connection.commit()
    return file.read_bytes()


@contextlib.contextmanager
def _unreadable(file: Path) -> Iterator[bool]:
    """Makes a file that of another user; root, who may read it all the same, has to give that up before."""
    if file.is_symlink():
        yield False
        return
    file.chmod(0o600 if os.geteuid() == 0 else 0)
    if os.geteuid() == 0:
        os.chown(file, _NOBODY, _NOBODY)
    yield not os.access(file, os.R_OK)


def drop_privileges() -> None:
    """Lets root no longer read what belongs to others, from the next program on that this process begins."""
    for capability in _READS_ALL:
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def run(prepared: Path, folder: Path, say: Callable[[str], None]) -> list[Count]:
    """Tries one in `_EVERY` damages, and fewer before commands that take seconds.

    Args:
        prepared: the folder with all artefacts.
        folder: an empty one.
        say: takes lines for people to follow.
    """
    counts = try_all([each for each in _chosen() if each.kind != UNREADABLE], prepared, folder / "copy", say)
    say("files of another owner")
    return [*counts, try_unreadable(prepared, every=_EVERY)]


def _chosen() -> list[Damage]:
    quick = [each for each in list_damages() if each.reader not in COSTLY]
    costly = [each for each in list_damages() if each.reader in COSTLY]
    return quick[::_EVERY] + costly[:: 10 * _EVERY]


def try_all(damages: Sequence[Damage], prepared: Path, copy: Path, say: Callable[[str], None]) -> list[Count]:
    """Tries damages, and counts them by their kinds."""
    harness = Harness(prepared, copy)
    counts = {damage.kind: Count(f"damaged files: {damage.kind}") for damage in damages}
    for number, damage in enumerate(damages):
        if number % 100 == 0:
            say(f"damaged files, {number:,} of {len(damages):,}")
        faulthandler.dump_traceback_later(_HANGS_SECONDS, exit=True)
        problem = harness.try_damage(damage)
        faulthandler.cancel_dump_traceback_later()
        if problem is not None:
            counts[damage.kind].tried += 1
        if problem:
            counts[damage.kind].failures.append(f"{damage}: {problem}")
            say(f"  {damage}: {problem}")
    return list(counts.values())


def try_unreadable(prepared: Path, every: int) -> Count:
    """Tries files of another owner, in a process that may not read all files, as that of root may."""
    tried = subprocess.run(
        [sys.executable, "-m", "faults.damages", prepared, str(every)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(PYTHONPATH=os.pathsep.join(sys.path)),
        preexec_fn=drop_privileges,
        check=True,
    )
    return Count(**json.loads(tried.stdout))


def main() -> None:
    """Tries files of another owner for `try_unreadable`."""
    folder, every = sys.argv[1:]
    damages = [each for each in list_damages() if each.kind == UNREADABLE and each.reader not in COSTLY]
    with tempfile.TemporaryDirectory(prefix="etl-damages-") as scratch:
        counts = try_all(damages[:: int(every)], Path(folder), Path(scratch) / "copy", lambda _: None)
    sys.stdout.write(json.dumps(asdict(counts[0])))


if __name__ == "__main__":
    main()
