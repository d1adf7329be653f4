"""Runs one tagger inside a worker process of `etl.tagging.pool`, within limits of time and memory.

Nothing inside a process can break a hang of Java, or get past the end of its memory. So the limits are the
kernel's: it ends the process, and the pool finds out which sentence was to blame. Windows has neither; there
the pool's own, longer limit of a chunk is the only one.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import MutableSequence
from dataclasses import dataclass
from itertools import chain

from etl.errors import EtlError
from etl.language.message import tr
from etl.runtime import failures, processes
from etl.schema import resources
from etl.settings import Tag
from etl.tagging import taggers

# (tokens, tags, reason or None, what was found)
Outcome = tuple[list[str], list[str], str | None, str]

# Tokens joined, tags joined, how many each sentence has, and what went wrong, by the sentence's index.
Packed = tuple[str | list[str], str, list[int], dict[int, tuple[str, str]]]

BETWEEN = (
    "\x1f"  # of joined tokens: the cleaner leaves no control character in a text, but others may ask, too
)
_START_SECONDS = 90  # Kkma takes 3 s on a quiet machine and 12 s on a busy one
WAITS = 2  # times the limit on the clock, as the machine may be busy with others
NOT_BEGUN = -1
EXIT_OUT_OF_MEMORY = 3  # the JVM's own, with -XX:+ExitOnOutOfMemoryError
EXIT_BY_TAGGER = 70  # Java code called System.exit
# As multiprocessing has it, a process that a signal ended: its number below zero. Windows has neither.
EXIT_OUT_OF_PROCESSOR_TIME, EXIT_OUT_OF_TIME = (
    -getattr(signal, name, 0) or None for name in ("SIGPROF", "SIGALRM")
)


@dataclass(frozen=True)
class _Worker:
    tag: taggers.TagSentence
    seconds: int
    begun: MutableSequence[int]


_worker: _Worker | EtlError | None = None  # a process has one tagger, or the reason why it has none


def start(
    settings: Tag,
    words: list[tuple[str, str]],
    begun: MutableSequence[int],
    load_tagger: taggers.LoadTagger,
) -> None:
    """Loads the tagger into this process, once; an error is kept for whoever asks for the first sentence.

    Args:
        settings: which tagger, with which options and limits.
        words: words of the user's own, with tags of the tagger.
        begun: shared with the pool: in the slot of a chunk, the index of the sentence that was begun last.
        load_tagger: what loads it, such as `taggers.load`.
    """
    global _worker  # noqa: PLW0603 - pebble calls plain functions, and loading takes seconds
    processes.init_worker()
    _silence()
    _limit_memory(settings.memory_mb)
    _die_of_limits()
    _end_after(_START_SECONDS)
    try:
        _worker = _Worker(load_tagger(settings, words), settings.seconds, begun)
        # Okt and Kkma read their dictionaries when they get the first sentence, which is not to blame for it.
        for sentence in resources.load("schemas", "doctor.yaml")["sentences"]:
            _tag_one(_worker.tag, sentence)
        _tell_exit_of_java()
    except EtlError as error:
        _worker = error
    except Exception as error:  # noqa: BLE001 - whatever is broken, a user must get to know it
        _worker = (
            failures.shortage(error)
            if failures.is_shortage(error)
            else EtlError(
                tr("the tagger {tagger} cannot be loaded", tagger=settings.tagger),
                details=[f"{type(error).__name__}: {error}".splitlines()[0]],
                next_step=tr("`etl doctor --tagger {tagger}` says what is missing.", tagger=settings.tagger),
            )
        )
    _die_of_limits()  # whatever the tagger has set
    _end_after(0)
    gc.freeze()  # what was loaded stays, and need not be looked at again and again


def pack(outcomes: list[Outcome]) -> Packed:
    """Outcomes as few long strings, which cross between processes several times as fast as short ones."""
    tokens = list(chain.from_iterable(outcome[0] for outcome in outcomes))
    joined = BETWEEN.join(tokens)
    is_clear = joined.count(BETWEEN) == max(0, len(tokens) - 1)
    tags = BETWEEN.join(chain.from_iterable(outcome[1] for outcome in outcomes))
    problems = {
        index: (reason, found) for index, (_, _, reason, found) in enumerate(outcomes) if reason is not None
    }
    return joined if is_clear else tokens, tags, [len(outcome[0]) for outcome in outcomes], problems


def unpack(packed: Packed) -> list[Outcome]:
    """Unpacks what `pack` returned."""
    joined, joined_tags, counts, problems = packed
    tokens = joined.split(BETWEEN) if isinstance(joined, str) else joined
    tags = joined_tags.split(BETWEEN)
    outcomes: list[Outcome] = []
    start = 0
    for index, count in enumerate(counts):
        end = start + count
        outcomes.append((tokens[start:end], tags[start:end], *problems.get(index, (None, ""))))
        start = end
    return outcomes


def tag_chunk(slot: int, sentences: list[str]) -> Packed:
    """Tags each sentence, and packs the outcomes; an exception concerns the one sentence that raised it.

    Raises:
        EtlError: the tagger could not be loaded.
    """
    if not isinstance(_worker, _Worker):
        raise _worker or EtlError(tr("a worker was not started"))
    outcomes = []
    for index, sentence in enumerate(sentences):
        _worker.begun[slot] = index
        _end_after(_worker.seconds)
        outcomes.append(_tag_one(_worker.tag, sentence))
    _end_after(0)
    return pack(outcomes)


def _tag_one(tag: taggers.TagSentence, sentence: str) -> Outcome:
    try:
        tagged = tag(sentence)
        tokens, classes = [token for token, _ in tagged], [tag for _, tag in tagged]
        "".join(tokens).encode()  # half a character would break what is made of it later
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)  # the sentence may not be to blame: it is tried again alone
    except Exception as error:  # noqa: BLE001 - whatever Java throws, the sentence is at fault
        return [], [], "tagger_error", f"{type(error).__name__}: {error}".splitlines()[0]
    return tokens, classes, None, ""


def _die_of_limits() -> None:
    """Without handlers: those of Python would wait for Java."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _end_after(seconds: float) -> None:
    """The kernel ends this process after so many seconds of its processor time; 0 lifts the limit.

    So a limit means the same on a busy machine. What waits without computing is ended later, by the clock.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, seconds * WAITS)


def _silence() -> None:
    """Java prints its own stack traces and warnings, which are of no use to whoever runs a command."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _limit_memory(memory_mb: int) -> None:
    """Limits what the process may write to. Address space, of which a JVM reserves far more, says little."""
    if sys.platform != "linux":
        return  # macOS has the limit and does not keep it
    import resource

    wanted = memory_mb * 2**20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, wanted))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no image of a crashed process on the user's disk


def _tell_exit_of_java() -> None:
    """Some Java code ends its process with exit code 0, which looks like a worker that has done its work."""
    if "jpype" in sys.modules:
        import jpype

        hook = jpype.JProxy("java.lang.Runnable", dict={"run": lambda: os._exit(EXIT_BY_TAGGER)})
        jpype.JClass("java.lang.Runtime").getRuntime().addShutdownHook(jpype.JClass("java.lang.Thread")(hook))
