"""A tagger that is written again here, as functions of its files: `etl.tagging.native.open` runs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.settings import Tag
from etl.tagging import taggers

if TYPE_CHECKING:
    import polars as pl

# Texts to a frame with `text`, `tokens`, `tags`, `problem` and `found`, in their order.
TagTexts = Callable[["pl.Series"], "pl.DataFrame"]
# Words of the user's own with tags of the tagger, as `etl.tagging.dictionary.tagged` gives them.
Words = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Checked:
    """What a comparison of a tagger with its library found.

    Args:
        what: what was compared, such as `made-up texts`.
        compared: how many.
        differing: what came out otherwise, each described in one line.
    """

    what: str
    compared: int
    differing: tuple[str, ...] = ()


def make_nothing(folder: Path) -> None:
    """For `Native.make`: the tagger reads the files of its library where these are."""


@dataclass(frozen=True)
class Native:
    """A native tagger. Its functions may raise an EtlError; where `Raises` names others, these too.

    Args:
        name: that of the settings, such as `okt`.
        title: that of a sentence, such as `Okt`.
        format: a number to raise when `make` writes something else, or `load` reads it in another way.
        is_known: whether the installed library is one that was proved; called once for every new folder.
        make: writes what `load` reads into an empty folder; `make_nothing` if that is nothing.
        load: reads the folder, with the user's own words, to whatever `tagger` takes. Raises an OSError,
            ValueError, KeyError or polars' error for a damaged folder, which is then made again.
        tagger: what tags with the tables and the settings; its third argument tags by the library what only
            that can. May be called by several threads.
        made_up_texts: texts of all kinds that the tagger's rules tell apart, the same every time.
        proved: the settings with which the texts are compared.
        weaken: makes a folder that differed less ambitious: more is left to the library. None if that is
            not possible.
        check_made: compares the files of a folder with those of the library, beyond what texts show; for
            `etl doctor --prove`. None if `make` copies nothing.
        load_library: loads the library in a worker process, as `etl.tagging.pool.Pool` takes it.
    """

    name: str
    title: str
    format: int
    is_known: Callable[[], bool]
    make: Callable[[Path], None]
    load: Callable[[Path, Words], Any]
    tagger: Callable[[Any, Tag, TagTexts], TagTexts]
    made_up_texts: Callable[[Any], list[str]]
    proved: Sequence[Tag]
    weaken: Callable[[Path], None] | None = None
    check_made: Callable[[Path], Sequence[Checked]] | None = None
    load_library: taggers.LoadTagger = taggers.load
