"""Finds the rows that people decided about: by id, and by the text that they share with such a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from etl.ingestion.corpus.corpus import NUMBERS, Corpus, read_bucket
from etl.ingestion.exchange import KEY
from etl.ingestion.steps.duplicates import TEXT
from etl.ingestion.steps.records import key_of
from etl.schema import votes
from etl.schema.text_ids import split_number

_READ = ["source", "id", "text"]


@dataclass(frozen=True)
class CorpusRows:
    """The rows of a corpus with final ids; see `etl.corrections.locate.Rows`."""

    corpus: Corpus

    def find(self, ids: pl.Series) -> pl.DataFrame:
        """Returns `row` and `id` of all rows that have one of some distinct ids."""
        base, number = split_number(ids)
        wanted = pl.DataFrame({"id": ids, "base": base, "number": number.fill_null(1)})
        wanted = wanted.with_columns(key_of("base")).drop("base")
        corpus = self.corpus
        found = [pl.DataFrame(schema={"row": pl.UInt64(), "id": pl.String()})]
        for partition in range(corpus.n_partitions):
            columns = ["key_high", "key_low", "number"]
            records = corpus.read_records("ids", partition, columns)
            met = records.filter(pl.col("key_low").is_in(wanted["key_low"].implode()))
            found.append(_with_numbers(corpus, met).join(wanted, on=[*KEY, "number"]).select("row", "id"))
        return pl.concat(found).sort("row")

    def read(self, rows: pl.Series) -> Iterator[pl.DataFrame]:
        """Yields `row`, `source`, `id` and `text` of rows; their numbers are in order."""
        return self.corpus.read_rows(rows, _READ)

    def read_all(self) -> Iterator[pl.DataFrame]:
        """Yields `row`, `source`, `id` and `text` of all rows."""
        return self.corpus.read_all(_READ)


def find_twins(corpus: Corpus, shared: pl.DataFrame, decided: pl.Series) -> pl.DataFrame:
    """Returns the decisions for train rows that have the text and the label of a decided one.

    Args:
        corpus: the rows.
        shared: decisions that hold for all such rows, with `row`.
        decided: the numbers of rows with a decision of their own.
    """
    mode = corpus.settings.labels
    columns = [*KEY, "text_key", "split", "label", *([] if mode == "majority" else [votes.COLUMN])]
    found = [shared.clear()]
    for partition in range(corpus.n_partitions):
        records = corpus.read_records("texts", partition, columns)
        if votes.COLUMN not in records.columns:
            records = records.with_columns(pl.lit(None, votes.VOTES).alias(votes.COLUMN))
        trained = records.filter(pl.col("split") == "train")
        texts = trained.filter(pl.col("row").is_in(shared["row"].implode())).select(TEXT).unique()
        alike = trained.join(texts, on=TEXT, how="semi", maintain_order="left")
        alike = alike.select("row", *TEXT, answer=votes.answer(mode))
        first = alike.join(shared, on="row").sort("row").unique([*TEXT, "answer"], keep="first")
        others = alike.filter(~pl.col("row").is_in(decided.implode()))
        found.append(others.join(first.drop("row"), on=[*TEXT, "answer"]).select(shared.columns))
    return pl.concat(found)


def _with_numbers(corpus: Corpus, records: pl.DataFrame) -> pl.DataFrame:
    """Fills `number`: the first row of a text has the number 1."""
    buckets = np.unique(np.searchsorted(corpus.bounds, records["row"].to_numpy(), side="right") - 1)
    given = [read_bucket(corpus, [NUMBERS], bucket) for bucket in buckets.tolist()]
    if given:
        numbers = pl.concat(given).rename({"number": "given"})
        records = records.join(numbers, on="row", how="left", maintain_order="left")
        records = records.with_columns(number=pl.coalesce("number", "given")).drop("given")
    return records.with_columns(pl.col("number").fill_null(1))
