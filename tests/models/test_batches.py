from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from etl.dataset import vocab
from etl.errors import InputError
from etl.models.baseline.tokens import TokenEncoder
from etl.models.training import batches

LABELS = ["기쁨", "슬픔"]


def vocabulary_of(*tokens: str) -> vocab.Vocabulary:
    return vocab.Vocabulary(
        format=1,
        tokens=(*vocab.RESERVED, *tokens),
        counts=(0, 0, *[1] * len(tokens)),
        min_count=1,
        max_size=None,
        tagger="",
        key_tokens="",
        shards={},
    )


def rows_of(sentences: list[list[str]], labels: list[str] | None = None) -> batches.Rows:
    frame = pl.DataFrame(
        {
            "source": ["kote"] * len(sentences),
            "label": labels or ["기쁨"] * len(sentences),
            "tokens": sentences,
        },
        schema={"source": pl.String, "label": pl.String, "tokens": pl.List(pl.String)},
    )
    return TokenEncoder(vocabulary_of("가", "나")).encode(frame, LABELS)


def padded(rows: batches.Rows, max_len: int = 10) -> dict[int, list[int]]:
    return {
        int(row): ids.tolist()
        for batch in batches.in_order_of_length(rows, 100, max_len)
        for row, ids in zip(batch.rows, batch.ids, strict=True)
    }


def test_tokens_become_ids_and_are_padded_at_the_right() -> None:
    assert padded(rows_of([["가", "나", "가"], ["나"], ["다", "가"]])) == {
        0: [2, 3, 2],
        1: [3, 0, 0],
        2: [1, 2, 0],
    }


def test_rows_without_tokens_are_padding_wherever_they_stand() -> None:
    rows = rows_of([[], ["가", "나"], [], ["나"], []])
    assert padded(rows) == {0: [0, 0], 1: [2, 3], 2: [0, 0], 3: [3, 0], 4: [0, 0]}
    assert rows.empty_share == pytest.approx(3 / 5)


def test_the_text_of_a_reserved_token_is_unknown_and_never_padding() -> None:
    rows = rows_of([["<pad>", "<unk>", "가"]])
    assert padded(rows) == {0: [1, 1, 2]}
    assert rows.unknown_share == pytest.approx(2 / 3)


def test_long_rows_are_cut_at_max_len() -> None:
    assert padded(rows_of([["가"] * 9, ["나"]]), max_len=3) == {0: [2, 2, 2], 1: [3, 0, 0]}


def test_an_epoch_has_every_row_once_and_the_same_order_for_the_same_seed() -> None:
    rows = rows_of([["가"] * (1 + index % 7) for index in range(1000)])

    def order(seed: tuple[int, int]) -> list[list[int]]:
        return [batch.rows.tolist() for batch in batches.shuffled(rows, 16, 10, seed)]

    assert sorted(row for batch in order((1, 1)) for row in batch) == list(range(1000))
    assert order((1, 1)) == order((1, 1))
    assert order((1, 1)) != order((1, 2))
    assert order((1, 1)) != order((2, 1))


def test_batches_hold_rows_of_like_length() -> None:
    lengths = np.random.default_rng(0).integers(1, 30, size=2000)
    rows = rows_of([["가"] * int(length) for length in lengths])
    cells = sum(batch.ids.size for batch in batches.shuffled(rows, 32, 30, (0, 1)))
    assert cells < 1.1 * lengths.sum()


def test_the_99th_percentile_of_the_lengths_is_rounded_up() -> None:
    rows = rows_of([["가"] * length for length in range(1, 101)])
    assert batches.percentile_length(rows) == 100
    assert batches.percentile_length(rows_of([["가"] * 4] * 1000 + [["가"] * 500])) == 4


def test_a_label_outside_the_taxonomy_is_named() -> None:
    with pytest.raises(InputError, match="기쁨, 슬픔, got 분노"):
        rows_of([["가"]], ["분노"])
