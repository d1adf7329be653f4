"""Checks that sentences can be read: not blank, damaged, invisible, full of HTML, too long, not Korean.

Looks at `text`, on which a model is trained; of an external table at `raw_text`. Characters are classified
by `etl.validation.characters`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl.dataset.read import SPLITS
from etl.language.message import joined, tr
from etl.text.html import count, count_or_dash, name, percent, section, table
from etl.text.markup import has_markup
from etl.validation import characters, lengths
from etl.validation.check import Check, ReportContext
from etl.validation.findings import MAX_EXAMPLES, Finding
from etl.validation.lengths import Lengths, render_lengths
from etl.validation.rules import Rules
from etl.validation.selection import number_rows
from etl.validation.view import View

_ROWS_AT_A_TIME = 50_000
_CHARACTERS_AT_A_TIME = 4_000_000
# In logarithms: so many times the distance of the quartiles beyond the third is far out.
_FENCE = 3
# Where all texts are nearly of one length, those of half as much again are still within the quartiles.
_LEAST_SPREAD = 1.5
# A null is no blank sentence but a missing one, which the contract reports.
_BLANK = ("empty", "white_space", "fillers")
_DAMAGE = ("invisible", "replaced", "garbled", "control", "markup")
_KINDS = ("null", *_BLANK, *_DAMAGE, "long", "not_korean")
# The kind of a finding code; of the first there are several.
_KIND_OF = {
    "blank_text": "empty",
    **{f"{kind}_text": kind for kind in _DAMAGE},
    "long_texts": "long",
    "not_korean": "not_korean",
}
# A field of TextCounts, and the heading of its column.
_HEADINGS = (
    ("null", tr("no text")),
    ("empty", tr("empty")),
    ("white_space", tr("white space")),
    ("fillers", tr("invisible only")),
    ("invisible", tr("with invisible")),
    ("replaced", "U+FFFD"),
    ("garbled", tr("wrong encoding")),
    ("control", tr("control")),
    ("markup", "HTML"),
    ("long", tr("very long")),
    ("not_korean", tr("no Hangul")),
)


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
        markup: with tags or entities of HTML.
        long: with more characters than `TextStats.long_limit`.
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
    markup: int
    long: int
    not_korean: int
    letters: int
    hangul: int


@dataclass(frozen=True)
class TextStats:
    """The sentences of a dataset, by what is wrong with them.

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


def measure(view: View) -> TextStats:
    """Looks at every character of every sentence; of an external table before it is cleaned."""
    rows = _rows(view)
    counted = lengths.count_lengths(rows, pl.col("text").str.len_chars())
    described = lengths.describe(counted)
    limit = _long_limit(described[-1]) if described else None
    frames, examples = [], []
    for batch in _batches(rows):
        looked_at = _look_at(batch, limit)
        frames.append(_count(looked_at))
        examples.append(_examples(looked_at))
    return TextStats(
        counts=_total(frames),
        characters=described,
        long_limit=limit,
        examples=_merge(examples),
    )


def select(view: View, codes: Collection[str], measured: TextStats | None) -> dict[str, pl.DataFrame]:
    """Selects the rows of each kind, in order; the detail of a blank one is the kind of blank."""
    kinds = {
        code: _BLANK if code == "blank_text" else (_KIND_OF[code],) for code in codes if code in _KIND_OF
    }
    if not kinds:
        return {}
    limit = measured.long_limit if measured else measure(view).long_limit if "long_texts" in kinds else None
    found: dict[str, list[pl.DataFrame]] = {code: [] for code in kinds}
    for batch in _batches(_rows(view)):
        looked_at = _look_at(batch, limit)
        for code, of_code in kinds.items():
            found[code] += [looked_at.filter(kind).select("row", detail=pl.lit(kind)) for kind in of_code]
    return {code: number_rows(pl.concat(frames).sort("row")) for code, frames in found.items() if frames}


def _rows(view: View) -> pl.LazyFrame:
    column = "raw_text" if view.is_external else "text"
    return (
        view.dataset.scan().with_row_index("row").select("row", "id", "split", "source", text=pl.col(column))
    )


def judge(stats: TextStats, rules: Rules) -> list[Finding]:
    """Judges blank, damaged and long sentences, and sources that are not Korean."""
    total = {kind: sum(getattr(counts, kind) for counts in stats.counts) for kind in _KINDS}
    rows = sum(counts.rows for counts in stats.counts)
    findings = rules.judge(
        "blank_text",
        sum(total[kind] for kind in _BLANK),
        examples=_ids(stats, *_BLANK),
        rows=rows,
        **{kind: total[kind] for kind in _BLANK},
    )
    for kind in _DAMAGE:
        findings += rules.judge(
            f"{kind}_text",
            total[kind],
            examples=_ids(stats, kind),
            rows=rows,
            share=total[kind] / rows if rows else 0.0,
        )
    if total["long"]:
        findings += rules.judge(
            "long_texts",
            total["long"],
            examples=_ids(stats, "long"),
            limit=stats.long_limit,
            median=stats.characters[-1].p50,
            longest=stats.characters[-1].longest,
        )
    return [*findings, *_judge_language(stats, rules)]


def _judge_language(stats: TextStats, rules: Rules) -> list[Finding]:
    findings = []
    for source in sorted({counts.source for counts in stats.counts}):
        of_source = [counts for counts in stats.counts if counts.source == source]
        rows, foreign = sum(of.rows for of in of_source), sum(of.not_korean for of in of_source)
        letters, hangul = sum(of.letters for of in of_source), sum(of.hangul for of in of_source)
        findings += rules.judge(
            "not_korean",
            foreign / rows,
            examples=stats.examples.get("not_korean", {}).get(source, ()),
            rows_to_see=foreign,
            rows=foreign,
            source=source or tr("no source"),
            hangul=hangul / letters if letters else 0.0,
        )
    return findings


def _long_limit(lengths: Lengths) -> int:
    # A text of no characters has no logarithm.
    first, third = max(lengths.p25, 1), max(lengths.p75, 1)
    return int(third * max(third / first, _LEAST_SPREAD) ** _FENCE)


def _batches(rows: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Batches of bounded rows and, but for a single huge text, of bounded characters."""
    chars = pl.col("text").str.len_chars().fill_null(0).cast(pl.Int64)
    wanted = rows.select(pl.col("split", "source").fill_null(""), "row", "id", "text", chars.alias("chars"))
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
        "markup": has_markup(text),
        "long": rows["chars"].to_numpy() > (limit or 0),
        "not_korean": is_visible & ~has(characters.HANGUL),
    }
    return rows.select("row", "split", "source", "id").with_columns(
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


def _ids(stats: TextStats, *kinds: str) -> list[str]:
    """Returns ids of rows of these kinds, over all sources, in order."""
    return sorted(row_id for kind in kinds for ids in stats.examples.get(kind, {}).values() for row_id in ids)


def render(stats: TextStats, _context: ReportContext) -> str:
    """Draws how many sentences of each split and source are damaged, and how long they are."""
    if not stats.counts:
        return ""
    rows = [_render_row(counts) for counts in stats.counts]
    columns = [
        (tr("rows of"), "label"),
        (tr("rows"), "n"),
        *((heading, "n") for _, heading in _HEADINGS),
        (tr("Hangul of all letters"), "n"),
    ]
    about = tr("What the sentences are made of, character by character. A dash is what one wants to see.")
    if stats.long_limit:
        limit = tr("Very long is more than {limit:,} characters.", limit=stats.long_limit)
        about = joined(" ", (about, limit))
    of_texts = render_lengths(stats.characters, tr("characters"))
    return section(tr("Sentences"), about, table(columns, rows), of_texts)


def _render_row(counts: TextCounts) -> list[str]:
    return [
        name(" · ".join(part for part in (counts.split, counts.source) if part) or tr("all")),
        count(counts.rows),
        *(count_or_dash(getattr(counts, field)) for field, _ in _HEADINGS),
        percent(counts.hangul / counts.letters) if counts.letters else count_or_dash(0),
    ]


CHECK = Check(
    "texts",
    measure,
    codes=("blank_text", *(f"{kind}_text" for kind in _DAMAGE), "long_texts", "not_korean"),
    judge=judge,
    render=render,
    chapter="sentences",
    key="texts",
    select=select,
)
