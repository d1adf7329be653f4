"""Whether the sentences can be read: blank, damaged, full of what nobody sees, too long, not Korean.

Looks at `text`, which is what a model is trained on, or at `raw_text`, which is what somebody else made. What
a character is stands in `characters`; whether sentences repeat or contradict each other is for other checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.dataset.read import SPLITS, Dataset
from etl.validation import characters, lengths
from etl.validation.findings import MAX_EXAMPLES, Finding, judge
from etl.validation.lengths import Lengths

_ROWS_AT_A_TIME = 50_000
_CHARACTERS_AT_A_TIME = 4_000_000
# In logarithms: so many times the distance of the quartiles beyond the third is far out.
_FENCE = 3
# Where all texts are nearly of one length, those of half as much again are still within the quartiles.
_LEAST_SPREAD = 1.5
# A null is no blank sentence but a missing one, which the contract reports.
_BLANK = ("empty", "white_space", "fillers")
_DAMAGE = ("invisible", "replaced", "garbled", "control")
_KINDS = ("null", *_BLANK, *_DAMAGE, "long", "not_korean")


@dataclass(frozen=True)
class TextCounts:
    """The sentences of one source within one split: how many there are of each kind.

    The first four kinds exclude each other and all that follows.

    Attributes:
        split, source: which rows; empty where a row has none.
        rows: how many.
        null: without a text.
        empty: of no character.
        white_space: of white space only.
        fillers: of nothing visible, and not only white space: Hangul fillers, zero-width spaces, controls.
        invisible: with a filler in a sentence that can be seen; joiners and selectors of emoji are none.
        replaced: with a replacement character, U+FFFD: some bytes could not be decoded.
        garbled: decoded in another encoding than it was written in; see `characters.is_garbled`.
        control: with a control character, tabs and line breaks excepted.
        long: with more characters than `Texts.long_limit`.
        not_korean: with something to see, and no Hangul letter.
        letters, hangul: letters of any script, and Hangul letters among them, in all these rows together.
    """

    split: str
    source: str
    rows: int
    null: int
    empty: int
    white_space: int
    fillers: int
    invisible: int
    replaced: int
    garbled: int
    control: int
    long: int
    not_korean: int
    letters: int
    hangul: int


@dataclass(frozen=True)
class Texts:
    """What the sentences are made of.

    Attributes:
        counts: for each split and source.
        characters: how long they are, in characters: each split, then all.
        long_limit: more characters than this are far more than most texts have; None without rows. It is
            q3 * (q3 / q1) ** 3, Tukey's far fence on the logarithms of the lengths, whose quartiles are q1
            and q3.
        examples: for each kind of `TextCounts` that occurs, for each source, a few ids, the first in order.
    """

    counts: tuple[TextCounts, ...]
    characters: tuple[Lengths, ...]
    long_limit: int | None
    examples: dict[str, dict[str, tuple[str, ...]]]


def measure(dataset: Dataset, column: Literal["text", "raw_text"] = "text") -> Texts:
    """Looks at every character of every sentence, some ten thousand rows at a time.

    Args:
        dataset: whose rows.
        column: `raw_text` for a dataset that was made of an outside table: cleaning has mended its `text`.
    """

    rows = dataset.scan().select("id", "split", "source", text=pl.col(column))
    counted = lengths.count_lengths(rows, pl.col("text").str.len_chars())
    described = lengths.describe(counted)
    limit = _long_limit(described[-1]) if described else None
    frames, examples = [], []
    for batch in _batches(rows):
        looked_at = _look_at(batch, limit)
        frames.append(_count(looked_at))
        examples.append(_examples(looked_at))
    return Texts(
        counts=_total(frames),
        characters=described,
        long_limit=limit,
        examples=_merge(examples),
    )


def check(found: Texts) -> list[Finding]:
    """The findings of this module."""
    total = {kind: sum(getattr(counts, kind) for counts in found.counts) for kind in _KINDS}
    rows = sum(counts.rows for counts in found.counts)
    findings = judge(
        "blank_text",
        sum(total[kind] for kind in _BLANK),
        examples=_ids(found, *_BLANK),
        rows=rows,
        **{kind: total[kind] for kind in _BLANK},
    )
    for kind in _DAMAGE:
        findings += judge(
            f"{kind}_text",
            total[kind],
            examples=_ids(found, kind),
            rows=rows,
            share=total[kind] / rows if rows else 0.0,
        )
    if total["long"]:
        findings += judge(
            "long_texts",
            total["long"],
            examples=_ids(found, "long"),
            limit=found.long_limit,
            median=found.characters[-1].p50,
            longest=found.characters[-1].longest,
        )
    return [*findings, *_check_language(found)]


def _check_language(found: Texts) -> list[Finding]:
    findings = []
    for source in sorted({counts.source for counts in found.counts}):
        of_source = [counts for counts in found.counts if counts.source == source]
        rows, foreign = sum(of.rows for of in of_source), sum(of.not_korean for of in of_source)
        letters, hangul = sum(of.letters for of in of_source), sum(of.hangul for of in of_source)
        findings += judge(
            "not_korean",
            foreign / rows,
            examples=found.examples.get("not_korean", {}).get(source, ()),
            rows=foreign,
            source=source or "no source",
            hangul=hangul / letters if letters else 0.0,
        )
    return findings


def _long_limit(found: Lengths) -> int:
    # A text of no characters has no logarithm.
    first, third = max(found.p25, 1), max(found.p75, 1)
    return int(third * max(third / first, _LEAST_SPREAD) ** _FENCE)


def _batches(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Batches of bounded rows and, but for a single huge text, of bounded characters."""

    chars = pl.col("text").str.len_chars().fill_null(0).cast(pl.Int64)
    wanted = rows.select(pl.col("split", "source").fill_null(""), "id", "text", chars.alias("chars"))
    for frame in wanted.collect_batches(chunk_size=_ROWS_AT_A_TIME):
        start = 0
        for size in (frame["chars"].cum_sum() // _CHARACTERS_AT_A_TIME).rle().struct.field("len"):
            yield frame.slice(start, size)
            start += size


def _look_at(rows: pl.DataFrame, limit: int | None) -> pl.DataFrame:
    """A column for each kind, true where the row is of it, beside split, source, id and letters."""

    text = rows["text"]
    bits, letters, hangul = characters.kinds(text)

    def has(bit: int) -> NDArray[np.bool_]:
        return (bits & bit) > 0

    is_null = text.is_null().to_numpy()
    is_visible = has(characters.VISIBLE)
    is_garbled = np.zeros(len(text), np.bool_)
    suspects = np.flatnonzero(has(characters.SUSPECT))
    is_garbled[suspects] = [characters.is_garbled(sentence) for sentence in text.gather(suspects)]
    kinds = {
        "null": is_null,
        "empty": ~is_null & (bits == 0),
        "white_space": bits == characters.SPACE,
        "fillers": ~is_visible & has(characters.UNSEEN | characters.CONTROL),
        "invisible": is_visible & has(characters.FILLER),
        "replaced": has(characters.REPLACEMENT),
        "garbled": is_garbled,
        "control": is_visible & has(characters.CONTROL),
        "long": rows["chars"].to_numpy() > (limit or 0),
        "not_korean": is_visible & ~has(characters.HANGUL),
    }
    return rows.select("split", "source", "id").with_columns(
        *(pl.Series(kind, is_it) for kind, is_it in kinds.items()),
        letters=pl.Series(letters),
        hangul=pl.Series(hangul),
    )


def _count(looked_at: pl.DataFrame) -> pl.DataFrame:

    numbers = pl.col(*_KINDS, "letters", "hangul").cast(pl.Int64).sum()
    return looked_at.group_by("split", "source").agg(pl.len().cast(pl.Int64).alias("rows"), numbers)


def _total(frames: list[pl.DataFrame]) -> tuple[TextCounts, ...]:

    if not frames:
        return ()
    total = pl.concat(frames).group_by("split", "source").agg(pl.all().sum())
    counts = [TextCounts(**line) for line in total.iter_rows(named=True)]
    order = {split: number for number, split in enumerate(SPLITS)}
    return tuple(sorted(counts, key=lambda of: (order.get(of.split, len(order)), of.split, of.source)))


def _examples(looked_at: pl.DataFrame) -> pl.DataFrame:
    """The first ids, in order, of each kind and source: `kind`, `source`, `id`."""

    found = [looked_at.filter(kind).select("source", "id", kind=pl.lit(kind)) for kind in _KINDS]
    return _first(pl.concat(found))


def _merge(examples: list[pl.DataFrame]) -> dict[str, dict[str, tuple[str, ...]]]:

    merged: dict[str, dict[str, tuple[str, ...]]] = {}
    if examples:
        for source, row_id, kind in _first(pl.concat(examples)).iter_rows():
            by_source = merged.setdefault(kind, {})
            by_source[source] = (*by_source.get(source, ()), row_id)
    return {kind: merged[kind] for kind in _KINDS if kind in merged}


def _first(found: pl.DataFrame) -> pl.DataFrame:
    return (
        found.drop_nulls()
        .sort("kind", "source", "id")
        .group_by("kind", "source", maintain_order=True)
        .head(MAX_EXAMPLES)
        .select("source", "id", "kind")
    )


def _ids(found: Texts, *kinds: str) -> list[str]:
    """Ids of rows of these kinds, over all sources, in order."""
    return sorted(row_id for kind in kinds for ids in found.examples.get(kind, {}).values() for row_id in ids)
