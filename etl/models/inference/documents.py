"""Classifies texts, files and lines, by sentence or by document: what `etl predict` does.

`etl.documents` reads the files, `etl.models.inference.classifier` classifies the sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from pathlib import Path
from typing import BinaryIO

import polars as pl

from etl.documents import cli_inputs
from etl.documents.passage import Passage
from etl.documents.sentences import Split, Splitter, is_one_sentence, splitter
from etl.errors import InputError
from etl.models.inference.classifier import Classifier, add_labels, probability_column
from etl.models.inference.options import PredictOptions
from etl.runtime.threads import ordered_map

BATCH_PASSAGES = 4096


@dataclass(frozen=True)
class _Source:
    name: str | None
    split: Split
    batches: Iterable[Sequence[Passage]]
    errors: Sequence[InputError] = ()  # filled while the batches are read


def classify_inputs(
    classifier: Classifier, inputs: Sequence[str], options: PredictOptions, *, stdin: BinaryIO, workers: int
) -> Iterator[pl.DataFrame | InputError]:
    """Classifies the inputs of the command line, in their order.

    Args:
        classifier: the model.
        inputs: texts, files, or `-` for the lines of `stdin`.
        options: see `PredictOptions`.
        stdin: read only for `-`.
        workers: threads that cut texts, and batches that are classified at a time.

    Yields:
        Rows as `Classifier` and `aggregate_documents` describe them, in batches; and an error in the place of
        a file, or of the rest of one, that cannot be read.

    Raises:
        SettingsError: an input is blank or no text, or what cuts texts into sentences is not installed.
    """
    sources = list(_sources(inputs, options, stdin))
    cut = {split: splitter(split, workers) for split in {source.split for source in sources}}
    for source in sources:
        classify_batch = partial(_classify_batch, classifier, cut[source.split], source.name)
        if source.name == cli_inputs.STREAM:  # a person may wait for the answer before writing the next line
            for batch in source.batches:
                yield from _aggregate(iter([classify_batch(batch)]), classifier, options)
        else:
            rows = ordered_map(classify_batch, source.batches, workers)
            yield from _aggregate(rows, classifier, options)
        yield from source.errors


def _classify_batch(
    classifier: Classifier, cut: Splitter, name: str | None, passages: Sequence[Passage]
) -> pl.DataFrame:
    return classifier(name, cut(passages))


def _aggregate(
    rows: Iterator[pl.DataFrame], classifier: Classifier, options: PredictOptions
) -> Iterator[pl.DataFrame]:
    return (
        rows
        if options.per == "sentence"
        else aggregate_documents(rows, classifier.labels, classifier.thresholds)
    )


def _sources(inputs: Sequence[str], options: PredictOptions, stdin: BinaryIO) -> Iterator[_Source]:
    n_texts = 0
    for (what, usual), run in groupby(inputs, key=_classify_input):
        names, split = list(run), options.split or usual
        if what == "text":
            yield _Source(None, split, [cli_inputs.read_texts(names, n_texts + 1)])
            n_texts += len(names)
        elif what == "stream":
            yield _Source(cli_inputs.STREAM, split, cli_inputs.read_lines(stdin))
        else:
            for name in names:
                errors: list[InputError] = []
                passages = _read(name, options, errors)
                yield _Source(name, split, _batches(passages), errors)


def _classify_input(argument: str) -> tuple[str, Split]:
    """Returns what an argument is, and how it is cut if the user says nothing of it."""
    what = cli_inputs.classify_argument(argument)
    is_whole = what == "stream" or (what == "text" and is_one_sentence(argument))
    return what, "line" if is_whole else "sentence"


def _read(name: str, options: PredictOptions, errors: list[InputError]) -> Iterator[Passage]:
    """Yields the passages of a file; an error ends them, and is kept for after their classification."""
    # The readers of all forms take longer to load than a text takes to classify.
    from etl.documents.read import read_document

    try:
        yield from read_document(
            Path(name),
            name,
            kind=options.kind,
            text_column=options.text_column,
            has_quotes=options.has_quotes,
            dialect=options.dialect,
            keep_markup=options.keep_markup,
        )
    except InputError as error:
        errors.append(error)


def _batches(passages: Iterator[Passage]) -> Iterator[list[Passage]]:
    while batch := list(islice(passages, BATCH_PASSAGES)):
        yield batch


def aggregate_documents(
    predictions: Iterable[pl.DataFrame], labels: list[str], thresholds: list[float] | None = None
) -> Iterator[pl.DataFrame]:
    """Aggregates sentences to documents: the mean of their probabilities, weighted by their tokens.

    A document is a mail, a chat, a post, a text or a formal document; its sentences come one after another.

    Args:
        predictions: of sentences.
        labels: of the model.
        thresholds: of these labels, if the model is one of sets.

    Yields:
        A row for each document, with the columns of sentences: location and text are those of its first
        sentence, the speaker is set if there is only one, and `sentence` is the number of its sentences.
    """
    columns = [probability_column(label) for label in labels]
    unfinished: pl.DataFrame | None = None
    for rows in predictions:
        weighted = rows.with_columns(pl.col(columns) * pl.col("weight"), sentence=pl.lit(1, pl.Int64))
        summed = _sum_documents(
            weighted if unfinished is None else pl.concat([unfinished, weighted]), columns
        )
        if summed.height > 1:
            yield _divide_by_weight(summed[:-1], columns, labels, thresholds)
        unfinished = summed[-1:]
    if unfinished is not None:
        yield _divide_by_weight(unfinished, columns, labels, thresholds)


def _sum_documents(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Returns one row for each document, with the sums of the weighted probabilities."""
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


def _divide_by_weight(
    summed: pl.DataFrame, columns: list[str], labels: list[str], thresholds: list[float] | None
) -> pl.DataFrame:
    # Where no row has a label there is no mean: 0 / 0 is NaN.
    means = summed.with_columns((pl.col(columns) / pl.col("weight")).fill_nan(None))
    is_labelled = pl.col("weight") > 0
    reasons = pl.when(~is_labelled).then("reason").alias("reason")
    return add_labels(means.with_columns(reasons), labels, thresholds)
