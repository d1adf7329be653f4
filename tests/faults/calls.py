"""Kinds 1 and 2: each call that changes files fails, as with a full or broken disk, or is the last.

What is expected of a command whose n-th call fails:

- it ends with a documented exit code, and an error whose words are those of the failure; or ends well, where
  the call did not matter;
- each visible file is as it was, or as an undisturbed run leaves it, and of a folder that appears as a whole
  all of them;
- the same command again, undisturbed, leaves what an undisturbed run leaves, byte for byte, and nothing else.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from faults import prepared as prepared_folder
from faults.attempts import Server, has_compiler, open_server
from faults.counts import Count
from faults.server import KILL, Order, Outcome
from faults.table import COMMANDS, Command

WRITING = [command for command in COMMANDS.values() if not command.is_long]
# So many calls of a command fail in each way, and at so many it is killed; a quarter where it is slow.
FAILURES, KILLS = 5, 12
# Attempts of these take seconds.
SLOW = {"validate", "train-baseline", "export", "predict", "doctor", "tokens"}


@dataclass(frozen=True)
class Fault:
    """What becomes of a call, in words, as a number, and whether that lasts."""

    said: str
    number: int
    is_lasting: bool = False


FAULTS = (
    Fault("the disk is full once", errno.ENOSPC),
    Fault("the disk is full from there on", errno.ENOSPC, is_lasting=True),
    Fault("the disk is broken once", errno.EIO),
    Fault("the folder is not ours", errno.EACCES),
    Fault("kill -9", KILL),
)
# What an error says of it.
WORDS = {
    errno.ENOSPC: ("The disk is full", "No space left on device"),
    errno.EIO: ("Input/output error",),
    errno.EACCES: ("Permission denied", "not yours"),
}
# What may differ: the record has a line more after each attempt, the lock says who held it last, and what is
# cached decides nothing; pages of Data Docs are named after the time. A run that fails leaves its dataset to
# be looked at.
FREE = (
    *("place/runs.jsonl", "place/refresh.lock", "place/cache/", "cache/tagged-v1/"),
    *("made/validations/", "made/index.html"),
)
KEPT = "place/failed/"
# Exit codes of docs/operations.md that a failing disk may lead to: findings of doctor, an input or an output.
DOCUMENTED = {0, 3, 4, 6}


class Workshop:
    """One command, in copies of the prepared folder at one place, beside what an undisturbed run leaves."""

    def __init__(self, server: Server, prepared: Path, folder: Path, command: Command):
        self.server, self.prepared, self.folder, self.command = server, prepared, folder, command
        self.before = self.renew()
        self.words = prepared_folder.words_of(command, folder)
        self.undisturbed = self.run()
        assert self.undisturbed.exit_code == command.exit_code, self.undisturbed.stderr
        self.after = self.contents()

    def renew(self) -> dict[str, str]:
        """Makes a new copy; returns what is in it."""
        prepared_folder.copy(self.prepared, self.folder)
        return self.contents()

    def contents(self) -> dict[str, str]:
        found = prepared_folder.contents(self.folder)
        return {
            name: content
            for name, content in found.items()
            if not is_of_others(name)
            and not name.startswith(KEPT)
            and (is_hidden(name) or not name.startswith(FREE))
        }

    def run(self, number: int = 0, fault: Fault | None = None) -> Outcome:
        env = prepared_folder.environment_of(self.folder) | {"TMPDIR": str(self.folder / "tmp")}
        (self.folder / "tmp").mkdir(exist_ok=True)
        struck = {"number": number, "fault": fault.number, "is_lasting": fault.is_lasting} if fault else {}
        return self.server.run(Order(self.words, str(self.folder), env, **struck))  # type: ignore[arg-type]

    def attempt(self, number: int, fault: Fault) -> list[str]:
        """Lets one call fail; returns what falls short, and at which call."""
        self.renew()
        outcome = self.run(number, fault)
        if not outcome.struck:  # threads may leave out a call or two
            return []
        found = self.contents()
        short = [*self._of_the_end(outcome, fault), *self._of_files(found)]
        if found not in (self.before, self.after):
            again = self.run()
            if again.exit_code != self.command.exit_code:
                short.append(f"the next run ends with {again.exit_code}: {again.stderr[-600:]}")
            short += self._of_the_next_run(self.contents())
        call = outcome.struck.replace(f"{self.folder}/", "")
        return [f"{self.command.name}, call {number} ({call}), {fault.said}: {each}" for each in short]

    def _of_the_end(self, outcome: Outcome, fault: Fault) -> Iterator[str]:
        code, text = outcome.exit_code, outcome.stderr
        if fault.number == KILL:
            if code != -9:
                yield f"killed, and ended with {code}"
            return
        if code not in DOCUMENTED | {self.command.exit_code} or "Traceback" in text or "unexpected" in text:
            yield f"ends with {code}: {text[-1500:]}"
        elif code not in (0, self.command.exit_code) and not any(
            word in text for word in WORDS[fault.number]
        ):
            yield f"ends with {code}, and its error does not say why: {text[-600:]}"

    def _of_files(self, found: Mapping[str, str]) -> Iterator[str]:
        """Each visible file is the earlier one or the new one, and so are some folders, as a whole."""
        visible = {name for name in {*found, *self.before, *self.after} if not is_hidden(name)}
        odd = [
            name for name in visible if found.get(name) not in {self.before.get(name), self.after.get(name)}
        ]
        if odd:
            yield f"neither the earlier nor the new file: {sorted(odd)}"
        for root in self.command.whole:
            states = [_below(root, files) for files in (found, self.before, self.after)]
            if states[0] not in states[1:]:
                yield f"neither the earlier nor the new folder: {root}"

    def _of_the_next_run(self, found: Mapping[str, str]) -> Iterator[str]:
        left = sorted(found.keys() - self.after.keys())
        other = sorted(name for name in self.after if found.get(name) != self.after[name])
        if left:
            yield f"left after the next run: {left}"
        if other:
            yield f"not what an undisturbed run leaves: {other}"


def is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/")) or name.startswith("tmp/")


def is_of_others(name: str) -> bool:
    """Whether a temporary file is none of ours: one with which Python tries a folder, or of a library."""
    return name.startswith("tmp/") and not name.removeprefix("tmp/.").startswith("etl-")


def _below(root: str, files: Mapping[str, str]) -> dict[str, str]:
    return {name: content for name, content in files.items() if name.startswith(f"{root}/")}


def numbers(calls: int, wanted: int, offset: int) -> list[int]:
    """So many numbers of calls, evenly spread; other ones for each offset."""
    step = max(1.0, calls / wanted)
    return sorted(
        {min(calls, 1 + int((index + offset / len(FAULTS)) * step)) for index in range(min(wanted, calls))}
    )


def try_calls(
    server: Server,
    prepared: Path,
    folder: Path,
    commands: Iterable[Command] = tuple(WRITING),
    say: Callable[[str], None] = lambda _: None,
) -> list[Count]:
    """Lets calls of each command fail.

    Args:
        server: makes the attempts.
        prepared: the prepared folder, which stays as it is.
        folder: where the attempts are made.
        commands: those that are tried.
        say: is told what is done.
    """
    counts = {fault: Count(fault.said) for fault in FAULTS}
    for command in commands:
        shop = Workshop(server, prepared, folder, command)
        say(f"{command.name}: {shop.undisturbed.calls} calls")
        for offset, fault in enumerate(FAULTS):
            tries = KILLS if fault.number == KILL else FAILURES
            tries = tries // 4 if command.words[0] in SLOW else tries
            for number in numbers(shop.undisturbed.calls, tries, offset):
                counts[fault].tried += 1
                found = shop.attempt(number, fault)
                counts[fault].failures += found
                for each in found:
                    say(f"  {each}")
    shutil.rmtree(folder, ignore_errors=True)
    return [*counts.values()]


def run(prepared: Path, folder: Path, say: Callable[[str], None]) -> list[Count]:
    """Tries all commands; see `faults.__main__`."""
    if not has_compiler():
        say("no C compiler for the shim, or not on Linux: no call fails")
        return []
    with open_server() as server:
        return try_calls(server, prepared, folder / "copy", say=say)
