"""Opens the exact Okt: makes its tables on first use, and proves them before they are ever used.

The tables are used only if they tag the made-up eojeols of `proof.parquet` exactly as the library itself
did when it wrote them. So another version of the library is either understood, or left to tag by itself.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path

import polars as pl

from etl.runtime import failures, processes
from etl.runtime.paths import cache_folder, keep_compiled_code
from etl.runtime.processes import KeepLocksContext
from etl.runtime.scratch import scratch_path, temporary_folder
from etl.settings import Tag
from etl.tagging import dictionary, taggers
from etl.tagging.okt import tables
from etl.tagging.okt.exact import ExactOkt, TagTexts

_log = logging.getLogger(__name__)

_FORMAT = 2  # raise it when `dump` writes something else, or the parser reads it in another way
_MAKE_SECONDS = 180
_REFUSED = "refused.txt"


def folder() -> Path:
    """Where the tables of the installed KoNLPy, on the installed Java, are kept."""
    packages = "-".join(f"{package}{version(package)}" for package in taggers.PACKAGES["okt"])
    return cache_folder() / f"okt-{packages}-{_FORMAT}"


def open_okt(settings: Tag, tag_left: TagTexts) -> ExactOkt | None:
    """Okt with the options of the settings, or None where only the library itself can be trusted.

    Args:
        settings: `norm`, `stem` and the user's own `dictionary`.
        tag_left: tags eojeols by the library itself.

    Raises:
        EtlError: the tables cannot be made: the library does not run.
        SettingsError: the user's dictionary cannot be read.
    """
    nouns = [word for word, _ in dictionary.load(settings.dictionary)]
    keep_compiled_code()
    with temporary_folder("okt") as scratch:
        made, found = folder(), _load(folder(), nouns)
        if found is None:
            made = _make(made, scratch)
            found = tables.load(made, nouns)
        if (made / _REFUSED).is_file():
            _log.warning("Okt runs in its JVM, many times slower: %s", (made / _REFUSED).read_text())
            return None
        return ExactOkt(found, settings, tag_left)


def begin_to_open(settings: Tag, tag_left: TagTexts) -> Callable[[], ExactOkt | None] | None:
    """Begins to open Okt on a thread, which takes a second, most of it imports, and meanwhile texts are read.

    Without its tables it is opened at once: those take long to make, and nobody waits for them in vain.

    Args:
        settings, tag_left: see `open_okt`.

    Returns:
        How to wait for what `open_okt` returns or raises; None where that is None.

    Raises:
        EtlError: see `open_okt`.
    """
    made = folder()
    if not made.is_dir() or (made / _REFUSED).is_file():
        okt = open_okt(settings, tag_left)
        return None if okt is None else lambda: okt
    thread = ThreadPoolExecutor(1)
    opened = thread.submit(open_okt, settings, tag_left)
    thread.shutdown(wait=False)
    return partial(processes.wait_for_result, opened)


def differing(made: Path) -> int:
    """Counts the eojeols of the proof that come out otherwise than from the library; 0 if all is well."""
    proof = pl.read_parquet(made / "proof.parquet")
    found = tables.load(made, [])
    left: list[str] = []

    def tag_left(eojeols: pl.Series) -> pl.DataFrame:
        left.extend(eojeols)
        nothing = [pl.lit(None, pl.String).alias(name) for name in ("problem", "found")]
        lists = [pl.lit([], pl.List(pl.String)).alias(name) for name in ("tokens", "tags")]
        return pl.DataFrame({"text": eojeols}).with_columns(*lists, *nothing)

    count = 0
    for name, settings in (("plain", Tag(norm=False, stem=False)), ("stemmed", Tag(norm=True, stem=True))):
        ours = ExactOkt(found, settings, tag_left)(proof["eojeol"])
        differs = (ours["tokens"] != proof[f"{name}_tokens"]) | (ours["tags"] != proof[f"{name}_tags"])
        count += len((differs & ~proof["eojeol"].is_in(left)).arg_true())
    return count


def _load(made: Path, nouns: list[str]) -> tables.Tables | None:
    """The tables, if they are there and whole; what is left of damaged ones is removed."""
    try:
        return tables.load(made, nouns)
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
        if failures.is_shortage(error):
            raise
        shutil.rmtree(made, ignore_errors=True)
        return None


def _make(target: Path, scratch: Path) -> Path:
    """Makes and proves the tables; of two runs that do so at once, the first to finish counts."""
    _log.warning("Okt's dictionaries are taken out of KoNLPy, once: about fifteen seconds")
    made = scratch / "made"
    made.mkdir()
    _dump(made)
    count = differing(made)
    if count:
        tables.forget_patterns(made)  # without them the library may still be understood
        count = differing(made)
    if count:
        (made / _REFUSED).write_text(f"of {count} made-up eojeols the tokens are not those of KoNLPy.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_path(target) as beside:
            shutil.copytree(made, beside)
            beside.rename(target)
    except OSError:
        return made  # the cache cannot be written, or another run was first: these are as good
    return target


def _dump(into: Path) -> None:
    """Runs `dump` in a process of its own, which has a JVM."""
    from concurrent.futures import TimeoutError as FutureTimeout

    from pebble import ProcessExpired, ProcessPool

    from etl.tagging.okt.dump import cannot_be_taken, dump_or_explain

    pool = ProcessPool(1, initializer=processes.init_worker, context=KeepLocksContext())
    try:
        with processes.block_interrupts():  # the first job starts the process
            future = pool.schedule(dump_or_explain, args=[into], timeout=_MAKE_SECONDS)
        problem = processes.wait_for_result(future)
    except ProcessExpired as error:
        # A JVM that gets no memory ends its process without a word.
        is_limited = failures.is_memory_limited()
        problem = failures.shortage(error) if is_limited else cannot_be_taken(str(error))
    except FutureTimeout:
        problem = cannot_be_taken(f"no answer in {_MAKE_SECONDS} s")
    finally:
        processes.kill_pool(pool)
    if problem:
        raise problem
