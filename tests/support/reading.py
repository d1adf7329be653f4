"""Reads made-up files for the tests: the texts of all rows, and what an error must say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from etl.errors import InputError
from etl.ingestion.ingest import discover
from etl.ingestion.sources.raw import InputLog
from etl.ingestion.sources.units import read_units
from etl.settings import Settings

SKIP = {"on_bad_file": "skip"}


def settings(**sections: Any) -> Settings:
    """Settings as `etl.yaml` has them: `settings(read={"turns": "all"})`."""
    return msgspec.convert(sections, Settings)


def read_all(*paths: Path, **sections: Any) -> tuple[list[dict[str, Any]], InputLog]:
    """Every row of the given files and folders, and the log."""
    found, log = discover(list(paths), settings(**sections))
    frames = list(read_units(found, settings(**sections), log))
    return [row for frame in frames for row in frame.to_dicts()], log


def texts(*paths: Path, **sections: Any) -> list[str]:
    """The sentences, in the order in which they are read."""
    return [row["raw_text"] for row in read_all(*paths, **sections)[0]]


def kote(*sentences: str, first: int = 1) -> bytes:
    """A file of the simplest corpus there is."""
    return "".join(
        f"{number}\t{text}\t22,24\n" for number, text in enumerate(sentences, start=first)
    ).encode()


def assert_stops_and_skips(folder: Path, *, said: str, read: list[str]) -> None:
    """By default a bad file stops the run, with an explanation; under skip all other files are read.

    Args:
        folder: what to read.
        said: must stand in the explanation.
        read: the sentences of the other files.
    """
    with pytest.raises(InputError) as caught:
        read_all(folder)
    error = caught.value
    assert said in error.text()
    assert error.what and error.details and error.next_step
    assert error.exit_code == 4

    rows, log = read_all(folder, read=SKIP)
    assert [row["raw_text"] for row in rows] == read
    assert [entry["error"] for entry in log.skipped] == ["; ".join([error.what, *error.details])]
    assert log.skipped[0]["file"] in error.text()
