"""Texts, files and lines to labels with probabilities, by sentence or by document: what `etl predict` does.

`etl.documents` reads the files, `etl.models.inference.classifier` classifies the sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO, Literal

import polars as pl

from etl.documents import cli_inputs
from etl.documents.passage import Kind, Passage
from etl.documents.read import read_document
from etl.documents.sentences import Split, Splitter, splitter
from etl.errors import InputError
from etl.models.inference.classifier import Classifier, labelled, probability_column
from etl.runtime.engine.local import ordered_map

Per = Literal["sentence", "document"]

BATCH_PASSAGES = 4096


@dataclass(frozen=True)
class Options:
    """How inputs are read, cut and put together.

    `split` None cuts texts and files into sentences, and takes the lines of a stream for sentences.
    """

    per: Per = "sentence"
    split: Split | None = None
    kind: Kind | None = None
    text_column: str | None = None
    has_quotes: bool = False


@dataclass(frozen=True)
class _Source:
    name: str | None
    split: Split
    batches: Iterable[Sequence[Passage]]
    errors: Sequence[InputError] = ()  # filled while the batches are read


def predict(
    classify: Classifier, inputs: Sequence[str], options: Options, *, stdin: BinaryIO, workers: int
) -> Iterator[pl.DataFrame | InputError]:
    """Classifies what a user has given, in its order.

    Args:
        classify: the model.
        inputs: texts, files, or `-` for the lines of `stdin`.
        options: how.
        stdin: read only if asked for.
        workers: threads that cut texts, and batches at a time.

    Yields:
        Rows as `Classifier` and `by_document` describe them, in batches; and an error in the place of a file,
        or of the rest of one, that cannot be read.

    Raises:
        SettingsError: an input is blank or no text, or what cuts texts into sentences is not installed.
    """
    sources = list(_sources(inputs, options, stdin))
    cut = {split: splitter(split, workers) for split in {source.split for source in sources}}
    for source in sources:
        classify_batch = partial(_classified, classify, cut[source.split], source.name)
        if source.name == cli_inputs.STREAM:  # who waits for an answer has not yet written the next line
            for batch in source.batches:
                yield from _put_together(iter([classify_batch(batch)]), classify, options)
        else:
            rows = ordered_map(classify_batch, source.batches, workers)
            yield from _put_together(rows, classify, options)
        yield from source.errors


def _classified(
    classify: Classifier, cut: Splitter, name: str | None, passages: Sequence[Passage]
) -> pl.DataFrame:
    return classify(name, cut(passages))


def _put_together(
    rows: Iterator[pl.DataFrame], classify: Classifier, options: Options
) -> Iterator[pl.DataFrame]:
    return rows if options.per == "sentence" else by_document(rows, classify.labels)


def _sources(inputs: Sequence[str], options: Options, stdin: BinaryIO) -> Iterator[_Source]:
    n_texts = 0
    for what, run in groupby(inputs, key=cli_inputs.classify_argument):
        names = list(run)
        if what == "text":
            yield _Source(None, options.split or "sentence", [cli_inputs.read_texts(names, n_texts + 1)])
            n_texts += len(names)
        elif what == "stream":
            yield _Source(cli_inputs.STREAM, options.split or "line", cli_inputs.read_lines(stdin))
        else:
            for name in names:
                errors: list[InputError] = []
                passages = _read(name, options, errors)
                yield _Source(name, options.split or "sentence", _batches(passages), errors)


def _read(name: str, options: Options, errors: list[InputError]) -> Iterator[Passage]:
    """The passages of a file. An error ends them, and waits until what came before it is classified."""
    try:
        yield from read_document(
            Path(name),
            name,
            kind=options.kind,
            text_column=options.text_column,
            has_quotes=options.has_quotes,
        )
    except InputError as error:
        errors.append(error)


def _batches(passages: Iterator[Passage]) -> Iterator[list[Passage]]:
    while batch := list(islice(passages, BATCH_PASSAGES)):
        yield batch


def by_document(predictions: Iterable[pl.DataFrame], labels: list[str]) -> Iterator[pl.DataFrame]:
    """Puts sentences together: the mean of their probabilities, weighted by the tokens that were seen.

    A document is a mail, a chat, a post, a text or a formal document; its sentences come one after another.

    Args:
        predictions: of sentences.
        labels: of the model.

    Yields:
        A row a document, as for sentences: with the place and the text of its first sentence, a speaker if
        there is only one, and in `sentence` the number of its sentences.
    """

    columns = [probability_column(label) for label in labels]
    unfinished: pl.DataFrame | None = None
    for each in predictions:
        weighted = each.with_columns(pl.col(columns) * pl.col("weight"), sentence=pl.lit(1, pl.Int64))
        summed = _summed(weighted if unfinished is None else pl.concat([unfinished, weighted]), columns)
        if summed.height > 1:
            yield _means(summed[:-1], columns, labels)
        unfinished = summed[-1:]
    if unfinished is not None:
        yield _means(unfinished, columns, labels)


def _summed(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """One row for each document, with the sums of the weighted probabilities."""

    key, numbers = ["file", "document"], ["sentence", "weight", "known", *columns]
    speaker = pl.col("speaker")
    return (
        rows.group_by(key, maintain_order=True)
        .agg(
            pl.all().exclude("speaker", "reason", *numbers).first(),
            pl.when(speaker.n_unique() == 1).then(speaker.first()).alias("speaker"),
            pl.col("reason").drop_nulls().first(),
            pl.col(numbers).sum(),
        )
        .select(rows.columns)
    )


def _means(summed: pl.DataFrame, columns: list[str], labels: list[str]) -> pl.DataFrame:

    # Of nothing but rows without a label there is no mean: 0 by 0 is no number.
    means = summed.with_columns((pl.col(columns) / pl.col("weight")).fill_nan(None))
    is_labelled = pl.col("weight") > 0
    return labelled(means.with_columns(pl.when(~is_labelled).then("reason").alias("reason")), labels)
