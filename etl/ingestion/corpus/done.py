"""Notes which tasks are complete, and their files: one that is gone is an error, never fewer marks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from etl.ingestion.corpus.corpus import Corpus
from etl.ingestion.exchange import damaged
from etl.runtime.failures import write_error
from etl.runtime.files import xxh3_bytes
from etl.runtime.scratch import scratch_path

_FOLDER, _ENDING = "done", ".done"


def is_done(corpus: Corpus, task: str) -> bool:
    """Whether a task is complete, and all that it left is there.

    Raises:
        DamagedExchangeError: the note of it is damaged.
    """
    note = _note(corpus, task)
    return note.exists() and all(path.exists() for path in _noted(corpus, note))


def note_done(corpus: Corpus, task: str, paths: Iterable[Path]) -> None:
    """Notes that a task is complete.

    Args:
        corpus: the rows.
        task: its name.
        paths: the files that must be there from now on.

    Raises:
        WriteError: the note cannot be written.
    """
    names = sorted(path.relative_to(corpus.folder).as_posix() for path in paths)
    note = _note(corpus, task)
    try:
        note.parent.mkdir(exist_ok=True)
        with scratch_path(note) as temporary:
            content = "\n".join(names).encode()
            temporary.write_bytes(xxh3_bytes(content).encode() + b"\n" + content)
            temporary.replace(note)
    except OSError as error:
        raise write_error(note, error) from error


def check_files(corpus: Corpus) -> None:
    """Checks that all files are there that complete tasks have left.

    Raises:
        DamagedExchangeError: one is gone.
    """
    for note in (corpus.folder / _FOLDER).glob(f"*{_ENDING}"):
        for path in _noted(corpus, note):
            if not path.exists():
                raise damaged(path)


def _note(corpus: Corpus, task: str) -> Path:
    return corpus.folder / _FOLDER / f"{task}{_ENDING}"


def _noted(corpus: Corpus, note: Path) -> list[Path]:
    xxh3, _, content = note.read_bytes().partition(b"\n")
    if xxh3 != xxh3_bytes(content).encode():
        raise damaged(note)
    return [corpus.folder / name for name in content.decode().splitlines()]
