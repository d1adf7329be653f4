"""The tagger of the settings as one function: distinct texts in, their tokens and tags out.

whitespace   the eojeols themselves
native ones  etl.tagging.native, and the few texts which those leave to their library, by worker processes
others       by worker processes (etl.tagging.pool)

Emoticons are handed around both (etl.tagging.around), and so is a negation that they swallow
(etl.tagging.negation). The cache (etl.tagging.cache) knows what comes out, so that nothing is looked for
again in a text that it knows; of a native tagger it has what the library tagged, in a file of its own.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import polars as pl

from etl.runtime.paths import cache_folder
from etl.schema import resources
from etl.settings import Tag
from etl.tagging import dictionary, negation, taggers, worker
from etl.tagging.around import load_cutter, tag_around
from etl.tagging.cache import TagCache, open_cache
from etl.tagging.lists import column, split
from etl.tagging.native import registry
from etl.tagging.native.native import TagTexts
from etl.tagging.native.open import begin_to_open
from etl.tagging.pool import Pool

_log = logging.getLogger(__name__)

_AROUND = (("emoticons.yaml",), ("pos", "negation.yaml"))
_TAGGED = pl.Schema(
    {
        "text": pl.String(),
        "tokens": pl.List(pl.String()),
        "tags": pl.List(pl.String()),
        "problem": pl.String(),
        "found": pl.String(),
    }
)


class Tagger:
    """The tagger of the settings, ready to tag; made by `open_tagger`."""

    def __init__(self, settings: Tag, workers: int, cache: TagCache | None, library: TagCache | None = None):
        self.settings = settings
        self._cache, self._library_cache = cache, library
        dictionary.tagged(settings)  # what is wrong with it is said before anything is read
        native = registry.native_of(settings.tagger)
        self._opening = ThreadPoolExecutor(1, "native-tagger")
        self._wait_for_native = (
            begin_to_open(native, settings, self._by_library, self._opening) if native else None
        )
        # For the few texts that a native tagger leaves to its library one is enough, if there are any.
        self._new_pool = partial(Pool, settings, 1 if self._wait_for_native else workers)
        self._pool = None if self._wait_for_native else self._new_pool()
        self._making_pool, self._is_stopped = threading.Lock(), False
        self._negation = negation.load(settings)
        self._cutter = load_cutter(settings.tagger)
        self._negation_cutter = load_cutter(settings.tagger, self._negation.parts())

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts; the tagger `whitespace` any texts.

        Returns:
            A frame with `text`, `tokens`, `tags`, `problem` and `found`, in the order of `texts`.
        """
        if self.settings.tagger == "whitespace":
            return _by_whitespace(texts)
        return _cached(texts, self._cache, self._tag_around)

    def _tag_around(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts, without the cache of these."""
        tagged = tag_around(texts, self._cutter, self.tag_whole)
        is_swallowed = self._negation.is_swallowed(tagged)
        if not is_swallowed.any():
            return tagged
        again = tag_around(texts.filter(is_swallowed), self._negation_cutter, self.tag_whole)
        places = pl.arange(len(texts), eager=True)
        both = pl.concat(
            [
                tagged.insert_column(0, places.alias("place")).filter(~is_swallowed),
                again.insert_column(0, places.filter(is_swallowed).alias("place")),
            ]
        )
        return both.sort("place").drop("place")

    def tag_whole(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts as the tagger alone does: nothing is handed around it."""
        native = self._wait_for_native() if self._wait_for_native else None
        return (native or self._by_workers)(texts)

    def _by_library(self, texts: pl.Series) -> pl.DataFrame:
        """Tags with the library itself."""
        return _cached(texts, self._library_cache, self._by_workers)

    def _by_workers(self, texts: pl.Series) -> pl.DataFrame:
        """Tags in the worker processes, without the cache."""
        if texts.is_empty():
            return pl.DataFrame(schema=_TAGGED)
        with self._making_pool:
            if self._is_stopped:
                raise CancelledError
            self._pool = self._pool or self._new_pool()
        answers = self._pool.tag_packed(texts.to_list())
        problems = [own.get(index, (None, "")) for _, _, sizes, own in answers for index in range(len(sizes))]
        problem = {
            name: pl.Series([each[place] for each in problems], dtype=pl.String)
            for place, name in enumerate(("problem", "found"))
        }
        tokens, tags = _token_columns(answers)
        return pl.DataFrame({"text": texts, "tokens": tokens, "tags": tags, **problem})

    def fingerprint(self) -> dict[str, Any]:
        """Returns everything that determines the tokens; see `fingerprint`."""
        return fingerprint(self.settings)

    def stop(self) -> None:
        """Kills the workers. Whoever waits for a result gets a `CancelledError`.

        A native tagger may still be opening, where all texts were known: nothing reads its files afterwards.
        """
        with self._making_pool:
            self._is_stopped = True
        if self._pool:
            self._pool.stop()
        self._opening.shutdown()


@contextmanager
def open_tagger(settings: Tag, workers: int, *, is_cached: bool = True) -> Iterator[Tagger]:
    """The tagger of the settings with `workers` processes, which are gone when the block is left.

    Args:
        settings: which tagger, with which options.
        workers: how many processes tag; decides nothing of the result.
        is_cached: whether what was tagged in earlier runs may be taken from the disk.

    Raises:
        SettingsError: the tagger is not installed, or its user dictionary cannot be used.
        EtlError: the tagger does not run on this machine.
    """
    has_cache = {"all": settings.tagger != "whitespace", "library": settings.tagger in registry.names()}
    facts = {"all": fingerprint(settings), "library": _with_fingerprint(_facts(settings))}
    with ExitStack() as stack:
        caches = {
            kind: stack.enter_context(open_cache(cache_folder(), facts[kind]))
            for kind in has_cache
            if is_cached and has_cache[kind]
        }
        tagger = Tagger(settings, workers, caches.get("all"), caches.get("library"))
        stack.callback(tagger.stop)
        yield tagger
    for note in dict.fromkeys(note for cache in caches.values() for note in cache.notes):
        _log.warning(note)


def fingerprint(settings: Tag) -> dict[str, Any]:
    """Returns everything that determines the tokens: tagger, versions, options, what is handed around it."""
    facts = _facts(settings)
    if settings.tagger != "whitespace":
        around = [resources.load("schemas", *path) for path in _AROUND]
        around.append(negation.load(settings).classes.sha256())  # which tokens show a negation
        facts["options"]["around"] = hashlib.sha256(json.dumps(around).encode()).hexdigest()
    return _with_fingerprint(facts)


def _cached(texts: pl.Series, cache: TagCache | None, tag_texts: TagTexts) -> pl.DataFrame:
    """Tags only what no earlier run has tagged."""
    if cache is None:
        return tag_texts(texts)
    nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
    known = cache.get(texts).with_columns(nothing).with_row_index("place")
    is_known = known["tokens"].is_not_null()
    if is_known.all():
        return known.drop("place")
    new = known.filter(~is_known)
    tagged = tag_texts(new["text"])
    cache.put(tagged)
    both = pl.concat([known.filter(is_known), tagged.insert_column(0, new["place"])])
    return both.sort("place").drop("place")


def _facts(settings: Tag) -> dict[str, Any]:
    """Returns what determines the tokens of a text that the tagger gets whole."""
    options: dict[str, bool | str] = {}
    if settings.tagger == "okt":
        options = {"norm": settings.norm, "stem": settings.stem}
    if words := dictionary.tagged(settings):
        options["dictionary"] = hashlib.sha256(json.dumps(words).encode()).hexdigest()
    versions = taggers.versions(settings.tagger)
    return {
        "name": settings.tagger,
        "version": ", ".join(f"{package} {number}" for package, number in versions.items()),
        "options": options,
    }


def _with_fingerprint(facts: dict[str, Any]) -> dict[str, Any]:
    return {**facts, "fingerprint": hashlib.sha256(json.dumps(facts).encode()).hexdigest()}


def _token_columns(answers: list[worker.Packed]) -> tuple[pl.Series, pl.Series]:
    """Tokens and tags, lists of strings; where that can be avoided, none of them is made in Python."""
    if any(isinstance(tokens, list) for tokens, *_ in answers):  # one of them has the separator in it
        outcomes = [outcome for packed in answers for outcome in worker.unpack(packed)]
        return column([outcome[0] for outcome in outcomes]), column([outcome[1] for outcome in outcomes])
    counts = [count for _, _, sizes, _ in answers for count in sizes]
    some = [packed for packed in answers if any(packed[2])]
    tokens, tags = [str(packed[0]) for packed in some], [packed[1] for packed in some]
    return split(tokens, worker.BETWEEN, counts), split(tags, worker.BETWEEN, counts)


def _by_whitespace(texts: pl.Series) -> pl.DataFrame:
    tokens = texts.rename("tokens").str.split(" ")
    tags = tokens.rename("tags").list.eval(pl.lit("Word"))
    nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
    return pl.DataFrame([texts.alias("text"), tokens, tags]).with_columns(nothing)
