"""Takes Okt's dictionaries and rules out of the installed library. Runs in a process of its own, with a JVM.

What is written is what `etl.tagging.okt.tables` reads: `words.parquet` and `rules.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from etl.errors import EtlError
from etl.language.message import tr
from etl.runtime import failures, processes
from etl.runtime.processes import KeepLocksContext
from etl.runtime.threads import wait_for_result
from etl.settings import Tag
from etl.tagging import taggers
from etl.tagging.okt import dump_patterns, scala

_NAMES = {"family_name": 13, "given_name": 14, "full_name": 15}  # bits after those of the parts of speech
_VERB, _ADJECTIVE = 1, 2
_SECONDS = 180


def dump_in_process(into: Path) -> None:
    """Like `dump`, in a process of its own, which has a JVM.

    Raises:
        EtlError: the library does not run.
    """
    from concurrent.futures import TimeoutError as FutureTimeout
    from concurrent.futures.process import BrokenProcessPool

    from pebble import ProcessExpired, ProcessPool

    pool = ProcessPool(1, initializer=processes.init_worker, context=KeepLocksContext())
    try:
        with processes.block_interrupts():  # the first job starts the process
            future = pool.schedule(dump_or_explain, args=[into], timeout=_SECONDS)
        problem = wait_for_result(future, pool)
    except (ProcessExpired, BrokenProcessPool) as error:
        # A JVM that gets no memory ends its process without a word.
        is_limited = failures.is_memory_limited()
        problem = failures.shortage(error) if is_limited else _cannot_be_taken(str(error))
    except FutureTimeout:
        problem = _cannot_be_taken(tr("no answer in {seconds} s", seconds=_SECONDS))
    finally:
        processes.kill_pool(pool)
    if problem:
        raise problem


def dump_or_explain(folder: Path) -> EtlError | None:
    """Like `dump`; returns what went wrong, because a Java exception cannot leave its process."""
    try:
        dump(folder)
    except Exception as error:  # noqa: BLE001 - whatever Java throws
        if failures.is_of_system(error):
            return failures.write_error(folder, error, is_left=tr("TMPDIR says where temporary files go."))
        if failures.is_shortage(error):
            return failures.shortage(error)
        return _cannot_be_taken(f"{type(error).__name__}: {error}".splitlines()[0])
    return None


def _cannot_be_taken(found: str) -> EtlError:
    """Returns the error for a library that does not run."""
    return EtlError(
        tr("Okt's dictionaries cannot be taken out of KoNLPy"),
        details=[found],
        cause=tr("The Java part of KoNLPy does not run on this machine."),
        next_step=tr("`etl doctor` says what is missing; `--tagger kiwi` needs no Java."),
    )


def dump(folder: Path) -> None:
    """Writes the two files into a folder that is there and empty."""
    taggers.start_jvm(Tag().memory_mb)
    _words().write_parquet(folder / "words.parquet")
    rules = {
        "trie": _trie(),
        "weights": _weights(),
        "typos": _typos(),
        "patterns": dump_patterns.patterns(),
    }
    (folder / "rules.json").write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")


def _words() -> Any:
    """A row a word: `mask` (parts of speech and kinds of name, as bits), `frequency`, and its stems."""
    provider = scala.module("util.KoreanDictionaryProvider")
    masks: dict[str, int] = {}
    for entry in provider.koreanDictionary().entrySet():
        _set_bit(masks, entry.getValue(), int(entry.getKey().id()))
    for name in scala.each(provider.nameDictionary()):
        _set_bit(masks, name._2(), _NAMES[str(name._1().name())])
    frequencies = {
        str(pair.getKey()): float(pair.getValue()) for pair in provider.koreanEntityFreq().entrySet()
    }
    stems = {int(each._1().id()): scala.pairs(each._2()) for each in scala.each(provider.predicateStems())}
    words = sorted({*masks, *frequencies})
    columns = {
        "word": words,
        "mask": [masks.get(word, 0) for word in words],
        "frequency": [frequencies.get(word, 0.0) for word in words],
        "verb": [stems[_VERB].get(word) for word in words],
        "adjective": [stems[_ADJECTIVE].get(word) for word in words],
    }
    types = {
        "word": pl.String,
        "mask": pl.Int32,
        "frequency": pl.Float32,
        "verb": pl.String,
        "adjective": pl.String,
    }
    return pl.DataFrame(columns, schema=types)


def _set_bit(masks: dict[str, int], char_array_set: Any, bit: int) -> None:
    words = str(char_array_set.toString())[1:-1].split(", ")
    if len(words) != char_array_set.size():
        raise ValueError(f"a dictionary of {char_array_set.size()} words came out as {len(words)}")
    for word in words:
        masks[word] = masks.get(word, 0) | 1 << bit


def _typos() -> list[tuple[str, str]]:
    """Typos and what they stand for, grouped by length in the order in which the library corrects them."""
    by_length = scala.module("util.KoreanDictionaryProvider").typoDictionaryByLength()
    return [pair for each in scala.each(by_length) for pair in sorted(scala.pairs(each._2()).items())]


def _trie() -> dict[str, Any]:
    """Which part of speech may follow which: nodes `[part of speech, next nodes, may a word end here]`."""
    nodes: list[Any] = []

    def number(tries: Any, parent: int) -> list[int]:
        numbers = []
        for trie in scala.each(tries):
            if trie.curPos() is None:  # stands for the node it follows, which may be repeated
                numbers.append(parent)
                continue
            numbers.append(len(nodes))
            nodes.append(None)
            following = number(trie.nextTrie(), numbers[-1])
            nodes[numbers[-1]] = [int(trie.curPos().id()), following, bool(trie.ending().isDefined())]
        return numbers

    return {"roots": number(scala.private("tokenizer.KoreanTokenizer", "koreanPosTrie"), -1), "nodes": nodes}


def _weights() -> list[float]:
    """The numbers of the default TokenizerProfile, in its order, without its lists."""
    profile = scala.module("tokenizer.TokenizerProfile").defaultProfile()
    values = [profile.productElement(place) for place in range(profile.productArity())]
    return [float(value) for value in values if isinstance(value, float)]
