"""Tags texts exactly as KoNLPy's Komoran does, from the tables: see the page of `etl.tagging.komoran`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pyarrow as pa

from etl.settings import Tag
from etl.tagging.komoran import sentences
from etl.tagging.komoran.tables import Tables
from etl.tagging.lists import Lists, replaced, strings

# Texts to a frame with `text`, `tokens`, `tags`, `problem` and `found`, in their order.
TagTexts = Callable[["pl.Series"], "pl.DataFrame"]


class ExactKomoran:
    """Komoran without its JVM.

    Args:
        tables: its dictionaries and rules, with the user's own words.
        settings: of which Komoran has no option.
        tag_left: tags the texts that only the library itself can: a frame like that of
            `etl.tagging.tagger`.
    """

    def __init__(self, tables: Tables, settings: Tag, tag_left: TagTexts):
        del settings
        self._tables, self._tag_left = tables, tag_left

    def __call__(self, texts: pl.Series) -> pl.DataFrame:
        """Tags distinct texts; see `etl.tagging.tagger.Tagger`."""
        names = ("problem", "found")
        nothing = {name: pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)) for name in names}
        if texts.is_empty():
            empty = pl.Series([], dtype=pl.List(pl.String))
            return pl.DataFrame({"text": texts, "tokens": empty, "tags": empty, **nothing})
        data, text_ends = _bytes(texts)
        n_bytes = len(data)
        out = (np.empty((n_bytes, 2), np.int32), np.empty(n_bytes, np.uint8), np.empty(n_bytes, np.int64))
        ends, is_left = np.empty(len(texts), np.int64), np.empty(len(texts), np.bool_)
        emoji = len(self._tables.tags) - 1
        count, n_written, size = sentences.tag(data, text_ends, self._tables.arrays, emoji, out, ends, is_left)
        words, tags = _columns(self._tables, ends, out[0][:count], (out[1][:size], out[2][:n_written]))
        frame = pl.DataFrame({"text": texts, "tokens": words, "tags": tags, **nothing})
        if not is_left.any():
            return frame
        places = pl.Series(np.flatnonzero(is_left))
        left = self._tag_left(texts.gather(places))
        return frame.with_columns(
            replaced(frame[name], places, left[name]) for name in ("tokens", "tags", *names)
        )


def _columns(
    tables: Tables, ends: np.ndarray, tokens: np.ndarray, written: tuple[np.ndarray, np.ndarray]
) -> tuple[pl.Series, pl.Series]:
    """Words and tags of each text, from what `sentences.tag` fills in."""
    offsets = np.concatenate([np.zeros(1, np.int64), written[1]])
    own = pa.LargeStringArray.from_buffers(len(written[1]), pa.py_buffer(offsets), pa.py_buffer(written[0]))
    words = pl.concat([tables.words, pl.Series(pl.from_arrow(own), dtype=pl.String)])
    entries = tokens[:, 0].astype(np.int64)
    entries = np.where(entries < 0, len(tables.words) - 1 - entries, entries)
    tags = tokens[:, 1].astype(np.int64)
    return strings(Lists(ends, entries), words), strings(Lists(ends, tags), tables.tags)


def _bytes(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Texts as UTF-8 one after another, uint8, and where each ends, int64."""
    ends = texts.str.len_bytes().cum_sum().to_numpy().astype(np.int64)
    return np.frombuffer(texts.str.join("").item().encode(), np.uint8), ends
