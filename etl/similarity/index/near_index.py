"""Near-duplicates among texts that do not fit into memory, and of new texts among those of earlier runs.

An index is a set of *texts*, each known by a hash of 128 bits and by the sides that it is on, such as train
and evaluation; never of rows. It may know more texts than a corpus has. It is exact: its pairs are those of a
search by brute force, whatever the memory, the number of parts, the order, and the number of additions.

An addition has four phases, each of them tasks that hand on files in the folder:

1. `texts.store`: the texts of each part that are not known are stored, sorted by key.
2. `entries.enter`: their entries, one for each of a text's rarest trigrams, are dealt out by trigram.
3. `entries.sort_and_join`: of each range of trigrams the entries are sorted, and joined with one another and
   with those of earlier additions, which leads to candidates; see `kernels`.
4. `verification.verify`: the candidates are compared, text by text.

What is read of old texts follows the new ones. Files are never changed; `index.json` names those that count,
and is written last, so that a run that is killed leaves the index as it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec
import polars as pl

from etl.errors import EtlError
from etl.language.message import tr
from etl.runtime.engine.protocol import MapFn
from etl.runtime.failures import write_error
from etl.runtime.lock import acquire_lock
from etl.runtime.paths import keep_compiled_code
from etl.similarity.index import state, tasks
from etl.similarity.index.columns import DamagedError
from etl.similarity.index.entries import ENTRY_BYTES, count_frequencies, enter, sort_and_join
from etl.similarity.index.state import PAIR, Contents, Entries, File, Place, Texts
from etl.similarity.index.texts import Stored, store
from etl.similarity.index.verification import ranges, verify

_log = logging.getLogger(__name__)

MOST_TEXTS = 2**32
_LOCK = "index.lock"
_MOST_BITS = 12
_MOST_FORGOTTEN = 2  # texts that an index knows for each row
_COPIES = 3  # of entries, while they are sorted
Part = TypeVar("Part")


class NearIndex:
    """An index in a folder; see `open_index`.

    Args:
        place: its folder, and how it works.
        contents: what it holds.
        threads: threads in each task.
    """

    def __init__(self, place: Place, contents: Contents, threads: int) -> None:
        self._place = place
        self._contents = contents
        self._threads = threads

    @property
    def n_texts(self) -> int:
        """How many texts it knows."""
        return self._contents.n_texts

    def add(self, parts: Sequence[Part], read: Callable[[Part], pl.DataFrame], map_fn: MapFn = map) -> None:
        """Adds texts, and finds the pairs of new ones with all others; texts that it knows cost a look-up.

        Args:
            parts: the texts in parts, each of which fits into memory; picklable. Equal texts are in one part.
            read: returns the texts of a part: `key_high`, `key_low` (UInt64), 128 bits of hash of the text;
                `side` (unsigned), a bit for each group that it is in; `text`, not null. It is called once for
                each part, in a task; picklable.
            map_fn: runs the tasks; the folder must be the same one wherever they run.

        Raises:
            DamagedError: a file of the index is damaged. The index is removed, so the next one begins empty.
            WriteError: it cannot be written.
        """
        keep_compiled_code()
        assert self._place.is_kept or not self.n_texts
        try:
            self._add(list(parts), read, map_fn)
        except DamagedError:
            (self._place.folder / state.NAME).unlink(missing_ok=True)
            raise

    def _add(self, parts: Sequence[Part], read: Callable[[Part], pl.DataFrame], map_fn: MapFn) -> None:
        before = self._contents
        self._contents.generation += 1
        place = self._place._replace(
            generation=before.generation, memory=max(1, self._place.memory // self._threads)
        )
        run = partial(tasks.run, map_fn, self._threads)
        task = partial(store, place, before.texts, before.sides, read)
        stored = list(run(task, enumerate(parts)))
        new = _numbered(stored, before.n_texts)
        added: list[Texts | File] = [*new, *(each.sides for each in stored if each.sides)]
        if not added:
            return
        known = [*before.texts, *new]
        classes = before.classes or list(map_fn(partial(count_frequencies, place), [known]))
        bits = _range_bits(new, place)
        dealt = list(
            chain.from_iterable(run(partial(enter, place, known, classes[0], bits), enumerate(added)))
        )
        files = [each.file for each in dealt]
        kept = _kept_runs(before.runs, sum(each.n_entries for each in dealt))
        join = partial(sort_and_join, place, files, before.runs, before.runs[kept:], bits)
        joined = list(run(join, range(1 << bits)))
        _remove(place.folder, files)
        candidates = [file for each in joined for file in each.candidates]
        count = sum(each.count for each in joined)
        by_text = ranges(known[-1].first + known[-1].count, count, place.memory, self._threads)
        pairs = list(chain.from_iterable(run(partial(verify, place, known, candidates), enumerate(by_text))))
        _remove(place.folder, candidates)
        _log.debug("near-duplicates: %d new texts, %d candidates", sum(each.count for each in new), count)
        before.texts, before.classes, before.pairs = known, classes, [*before.pairs, *pairs]
        before.sides = [*before.sides, *(each for each in added if isinstance(each, File))]
        before.runs = [*before.runs[:kept], [each.entries for each in joined if each.entries]]

    def pairs(self) -> Iterator[pl.DataFrame]:
        """Yields all pairs of near-duplicates, each once.

        Yields:
            Frames with the hashes of a text in group `a` and of another one in group `b`, for `(a, b)` in
            `compare`, and their Jaccard similarity: the columns `state.PAIR`.

        Raises:
            DamagedError: a file of the index is damaged; see `add`.
        """
        schema = dict.fromkeys(PAIR[:-1], pl.UInt64()) | {PAIR[-1]: pl.Float64()}
        try:
            for file in self._contents.pairs:
                columns = file.open(self._place.folder)
                yield pl.DataFrame({name: columns.read(name) for name in PAIR}, schema=schema)
        except DamagedError:
            (self._place.folder / state.NAME).unlink(missing_ok=True)
            raise

    def save(self) -> None:
        """Makes what was added last; until then it ends with this process.

        Raises:
            WriteError: it cannot be written.
        """
        assert self._place.is_kept
        state.save(self._place.folder, self._contents)


@contextmanager
def open_index(
    folder: Path,
    threshold: float,
    *,
    memory: int,
    hashed_by: str = "",
    compare: Sequence[tuple[int, int]] = ((0, 1),),
    threads: int = 1,
    n_rows: int | None = None,
    is_kept: bool = True,
) -> Iterator[NearIndex]:
    """Opens an index for one run; it is locked while the block runs.

    One that is damaged, was made with other arguments, or knows too many texts that are nowhere any more, is
    replaced by an empty one, and the log says so.
    What is added is lost unless `NearIndex.save` is called.

    Args:
        folder: its folder. It is made if it is missing; only the index may be in it.
        threshold: least Jaccard similarity of the sets of character trigrams of a pair, above 0, at most 1.
        memory: bytes that it may use, on each machine; that of one part comes on top.
        hashed_by: what made the hashes, if others may be another time, such as the version of a library.
        compare: which pairs are wanted: numbers of two groups, of the first and of the second text. They are
            those of the bits of `side`. By default 0 is train and 1 evaluation.
        threads: threads in each task.
        n_rows: how many rows have texts now; it is begun anew if it knows more than twice as many texts.
        is_kept: whether it will be saved, or added to twice; else a third less is written.

    Raises:
        LockError: another run uses it.
        WriteError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    with acquire_lock(folder / _LOCK, "search near-duplicates", is_quiet=True, in_use=str(folder)):
        wanted = Contents(threshold, hashed_by, list(compare))
        contents = _load(folder, wanted, MOST_TEXTS if n_rows is None else _MOST_FORGOTTEN * n_rows)
        _remove_all_but(folder, {state.NAME, _LOCK, *(file.name for file in contents.files())})
        yield NearIndex(Place(folder, 0, threshold, memory, tuple(compare), is_kept), contents, threads)


def _load(folder: Path, wanted: Contents, most_texts: int) -> Contents:
    """Returns what is in the folder if it can be used, else the empty index that is wanted."""
    try:
        found = state.load(folder)
        for file in found.files():
            file.open(folder)
    except FileNotFoundError:
        return wanted
    except (OSError, ValueError, DamagedError) as error:
        why = error.what if isinstance(error, DamagedError) else error
        _log.warning(
            tr(
                "the index of near-duplicates in {folder} is damaged and is made anew: {why}",
                folder=folder,
                why=why,
            )
        )
    else:
        names = ("version", "threshold", "hashed_by", "compare")
        differ = [name for name in names if getattr(found, name) != getattr(wanted, name)]
        if not differ and found.n_texts <= most_texts:
            return found
        _log.info(
            tr(
                "the index of near-duplicates in {folder} has another {setting}; it is made anew",
                folder=folder,
                setting=differ[0],
            )
            if differ
            else tr(
                "the index of near-duplicates in {folder} knows {n_texts:,} texts, most of which are gone; "
                "it is made anew",
                folder=folder,
                n_texts=found.n_texts,
            )
        )
    (folder / state.NAME).unlink(missing_ok=True)
    return wanted


def _numbered(stored: Sequence[Stored], first: int) -> list[Texts]:
    """Gives new texts the numbers from `first` on.

    Raises:
        EtlError: there are too many.
    """
    numbered = []
    for each in stored:
        if each.texts:
            numbered.append(msgspec.structs.replace(each.texts, first=first))
            first += each.texts.count
    if first > MOST_TEXTS:
        raise EtlError(
            tr("{n_texts:,} texts are too many for an index of near-duplicates", n_texts=first),
            details=[tr("it holds at most {most:,}", most=MOST_TEXTS)],
            next_step=tr("switch the search off: `dedupe: {near: 0}` in etl.yaml, which `etl init` writes."),
        )
    return numbered


def _kept_runs(runs: Sequence[Sequence[Entries]], n_new: int) -> int:
    """Returns how many of the runs of entries stay; the last ones become one with the new ones.

    One that is larger than all that come after it stays, so there are at most some log2(n) of them, and an
    entry is written again at most as often.
    """
    kept, total = len(runs), n_new
    while kept and (count := sum(piece.count for piece in runs[kept - 1])) <= total:
        total += count
        kept -= 1
    return kept


def _range_bits(new: Sequence[Texts], place: Place) -> int:
    """Returns into how many ranges entries are dealt out, as a power of two.

    One fits into memory, and there are as many as parts, which are as many as are worked on at a time.
    """
    # A text of n bytes has at most n trigrams, and most of those of three bytes a character a third.
    entries = sum((1 - place.threshold) * texts.n_bytes / 2 + texts.count for texts in new)
    wanted = int(entries * ENTRY_BYTES * _COPIES / place.memory).bit_length()
    return min(_MOST_BITS, max(wanted, (len(new) - 1).bit_length()), int(entries).bit_length())


def _remove(folder: Path, files: Iterable[File]) -> None:
    for file in files:
        (folder / file.name).unlink(missing_ok=True)


def _remove_all_but(folder: Path, names: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in names and not path.is_dir():
            path.unlink(missing_ok=True)
