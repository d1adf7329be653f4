"""A tagger for tests of the guard around taggers: cuts at spaces, and fails in the way a sentence names.

`load` stands in for `etl.tagging.taggers.load`. A worker process imports it by its name, and really hangs,
dies or runs out of memory in it.
"""

import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from etl.settings import Tag
from etl.tagging import taggers

# Harmless to any real tagger.
WAIT, COMPUTE, GROW, EXIT, CRASH, RAISE = (
    f"여기서 {what}" for what in ("기다린다", "계산한다", "자란다", "나간다", "죽는다", "거절한다")
)
# An environment variable: the folder in which a process that begins to wait leaves its id.
TELLS = "STAND_IN_TAGGER_TELLS"


def load(settings: Tag, words: Sequence[tuple[str, str]]) -> taggers.TagSentence:
    return _tag


def load_in_java(settings: Tag, words: Sequence[tuple[str, str]]) -> taggers.TagSentence:
    """The same in a JVM, within which no Python runs."""
    import jpype

    taggers.start_jvm(settings.memory_mb)
    lang = jpype.java.lang

    def fill_heap() -> None:
        arrays = jpype.java.util.ArrayList()
        while True:
            arrays.add(jpype.JLong[1 << 20])

    failures: dict[str, Callable[[], object]] = {
        WAIT: lambda: lang.Thread.sleep(lang.Long.MAX_VALUE),
        GROW: fill_heap,
        EXIT: lambda: lang.System.exit(0),
        RAISE: lambda: lang.Integer.parseInt("no number"),
    }
    return lambda sentence: _cut(sentence, failures)


class Token(NamedTuple):
    form: str
    tag: str


class Kiwi:
    """Stands in for the class of the package `kiwipiepy`: with it, any command has this tagger."""

    def __init__(self, num_workers: int) -> None:
        pass

    def tokenize(self, sentence: str) -> list[Token]:
        return [Token(*pair) for pair in _tag(sentence)]


def _tag(sentence: str) -> taggers.Tagged:
    return _cut(sentence, _FAILURES)


def _cut(sentence: str, failures: dict[str, Callable[[], object]]) -> taggers.Tagged:
    if sentence in failures:
        failures[sentence]()
    return [(token, "Word") for token in sentence.split(" ")]


def _wait() -> None:
    if folder := os.environ.get(TELLS):
        Path(folder, str(os.getpid())).touch()
    time.sleep(10**6)


def _compute() -> None:
    while True:
        pass


def _grow() -> None:
    held = []
    while True:
        held.append(bytes(1 << 24))


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _raise() -> None:
    raise ValueError("not this one\nnor its second line")


_FAILURES: dict[str, Callable[[], object]] = {
    WAIT: _wait,
    COMPUTE: _compute,
    GROW: _grow,
    EXIT: lambda: os._exit(7),
    CRASH: _crash,
    RAISE: _raise,
}
