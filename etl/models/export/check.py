"""Checks an export against its conformance vectors: `etl export --check`.

The texts are prepared again with the installed tagger and the files of the export, and its file is run with
its own runtime. `etl.models.export.vectors` writes the vectors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from etl.dataset import preparation as preparations
from etl.dataset import vocab
from etl.dataset.preparation import Preparation
from etl.errors import EtlError, InputError, SettingsError
from etl.ingestion.prepare import prepare_text
from etl.language.message import tr
from etl.models.baseline.tokens import TokenEncoder
from etl.models.export import metadata as metadatas
from etl.models.export import vectors
from etl.models.export.export import NO_TELEMETRY, RUNTIMES
from etl.models.export.folder import advise_export, read_export
from etl.models.export.metadata import Metadata
from etl.models.export.vectors import PreparedText, Vector
from etl.models.export.web import check as web
from etl.models.export.web.export import RUNTIME as JAVASCRIPT
from etl.models.inference.classifier import start_preparing
from etl.models.linear import features
from etl.models.linear.features import read_features
from etl.models.silence import silence
from etl.runtime.paths import keep_compiled_code
from etl.runtime.signals import delayed
from etl.settings import PathLike

if TYPE_CHECKING:
    from etl.models.export.runtime import Run

# Prepared texts without a reason, with `text` and perhaps `tokens`, to the ids of each.
ListIds = Callable[[pl.DataFrame], list[list[int]]]

FROM_TEXT, FROM_TOKENS, FROM_FILE = ("clean_text",), ("reason", "tokens"), ("probabilities", "labels")
FIELDS = (*FROM_TEXT, *FROM_TOKENS, "ids", *FROM_FILE)


@dataclass(frozen=True)
class Difference:
    """A line of the vectors, from 1, of which one field is another now."""

    line: int
    text: str
    expected: object
    got: object


@dataclass(frozen=True)
class Comparison:
    """One field of all vectors: how many were compared, and those that differ."""

    field: str
    compared: int
    differences: list[Difference]


@dataclass(frozen=True)
class Unchecked:
    """Fields that could not be compared, and why."""

    fields: tuple[str, ...]
    error: EtlError


@dataclass(frozen=True)
class Checked:
    """The result of a check; it has passed where nothing differs and nothing is unchecked."""

    folder: Path
    metadata: Metadata
    comparisons: list[Comparison]
    unchecked: list[Unchecked]

    @property
    def differing(self) -> list[Comparison]:
        """The comparisons with a difference."""
        return [each for each in self.comparisons if each.differences]

    @property
    def has_passed(self) -> bool:
        """Whether all was compared, and nothing differs."""
        return not self.differing and not self.unchecked


def check_export(folder: PathLike) -> Checked:
    """Compares what an export makes of the texts of its vectors with what they say.

    Args:
        folder: as `etl export` wrote it.

    Returns:
        The comparisons, and what could not be compared because a tagger or a runtime is not installed.

    Raises:
        InputError: it is no export, is damaged, or has no vectors.
    """
    folder = Path(folder)
    keep_compiled_code()
    os.environ.setdefault(*NO_TELEMETRY)
    metadata, given = read_export(folder)
    comparisons, unchecked = [], []
    is_of_texts = metadata.runtime == JAVASCRIPT
    for check in (_compare_texts,) if is_of_texts else (_compare_prepared, _compare_answers):
        found, left = check(folder, metadata, given)
        comparisons += found
        unchecked += left
    return Checked(folder, metadata, comparisons, unchecked)


def _compare_texts(
    folder: Path, metadata: Metadata, given: list[Vector]
) -> tuple[list[Comparison], list[Unchecked]]:
    """Runs an export that takes texts."""
    try:
        prepared, answers = web.answer_texts(folder, metadata, [vector.text for vector in given])
    except SettingsError as error:
        return [], [Unchecked(FIELDS, error)]
    is_accepted = [vector.reason is None for vector in given]
    fields = (*FROM_TEXT, *FROM_TOKENS, "ids")
    return [*_compare(given, prepared, fields), *_judge(metadata, given, answers[is_accepted])], []


def _compare_prepared(
    folder: Path, metadata: Metadata, given: list[Vector]
) -> tuple[list[Comparison], list[Unchecked]]:
    """Prepares the texts again, and compares all that needs no file to be run."""
    preparation = preparations.load(folder / metadata.preprocessing.preparation_file)
    texts = pl.Series("text", [vector.text for vector in given], dtype=pl.String)
    try:
        list_ids, column = _open_encoder(folder, metadata)
    except SettingsError as error:  # only a tokenizer, which reads the text, needs a package
        prepared = vectors.join_ids(prepare_text(preparation, texts), [[]] * len(given))
        fields = (*FROM_TEXT, *FROM_TOKENS)
        return _compare(given, prepared, fields), [Unchecked(("ids",), error)]
    try:
        frame = _prepare(preparation, column, texts)
    except EtlError as error:
        prepared = vectors.join_ids(prepare_text(preparation, texts), [[]] * len(given))
        return _compare(given, prepared, FROM_TEXT), [Unchecked((*FROM_TOKENS, "ids"), error)]
    prepared = vectors.join_ids(frame, list_ids(frame.filter(pl.col("reason").is_null())))
    return _compare(given, prepared, (*FROM_TEXT, *FROM_TOKENS, "ids")), []


def _prepare(preparation: Preparation, column: str, texts: pl.Series) -> pl.DataFrame:
    with start_preparing(preparation, column, os.cpu_count() or 1) as prepare:
        return prepare(texts)


def _open_encoder(folder: Path, metadata: Metadata) -> tuple[ListIds, str]:
    """Returns what makes ids of prepared texts, from the file beside the export, and the column it reads.

    Raises:
        InputError: the file is damaged, or `metadata.json` says something else of it.
        SettingsError: what reads a `tokenizer.json` is not installed.
    """
    how = metadata.preprocessing
    path, max_len = folder / how.vocabulary_file, metadata.max_len
    if path.name not in (vocab.FILE, features.FILE):
        return _open_tokenizer(path, max_len or 1), "text"
    encoder = (
        TokenEncoder(vocab.read_vocab(path, next_step=advise_export(folder)))
        if path.name == vocab.FILE
        else read_features(path, advise_export(folder))
    )
    expected = (encoder.padding_id, encoder.unknown_id, len(encoder))
    if (got := (how.padding_id, how.unknown_id, how.vocabulary_size)) != expected:
        raise InputError(
            tr("{path} contradicts {other}", path=folder / metadatas.FILE, other=path.name),
            details=[
                tr(
                    "expected ids of padding and unknown tokens, and their number, {expected}, got {got}",
                    expected=expected,
                    got=got,
                )
            ],
            cause=tr("The file was edited or damaged."),
            next_step=advise_export(folder),
        )

    def list_ids(accepted: pl.DataFrame) -> list[list[int]]:
        rows = vectors.encode_accepted(encoder, accepted, max_len)
        return vectors.list_ids(rows, encoder, max_len)

    return list_ids, encoder.column


def _open_tokenizer(path: Path, max_len: int) -> ListIds:
    """Reads a `tokenizer.json` as a program would that has nothing else of the model."""
    try:
        with delayed:
            from tokenizers import Tokenizer
    except ImportError as error:
        raise SettingsError(
            tr("{file} needs the extra [transformer]", file=path.name),
            details=[error],
            next_step="pip install 'korean-emotion-etl[transformer]'",
        ) from error
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def list_ids(accepted: pl.DataFrame) -> list[list[int]]:
        encoded = [each.ids for each in tokenizer.encode_batch(accepted["text"].to_list())]
        return [ids if len(ids) <= max_len else [*ids[: max_len - 1], ids[-1]] for ids in encoded]

    return list_ids


def _compare(
    given: Sequence[Vector], prepared: Sequence[PreparedText], fields: Sequence[str]
) -> list[Comparison]:
    return [
        Comparison(
            field,
            len(given),
            [
                Difference(number, vector.text, expected, got)
                for number, (vector, own) in enumerate(zip(given, prepared, strict=True), start=1)
                if (expected := getattr(vector, field)) != (got := getattr(own, field))
            ],
        )
        for field in fields
    ]


def _compare_answers(
    folder: Path, metadata: Metadata, given: list[Vector]
) -> tuple[list[Comparison], list[Unchecked]]:
    """Runs the file on the ids of the vectors, and compares probabilities and labels."""
    try:
        run = _load(folder, metadata)
    except SettingsError as error:
        return [], [Unchecked(FROM_FILE, error)]
    ids = [vector.ids for vector in given if vector.reason is None]
    answers = vectors.run_each(run, ids, metadata.max_len, metadata.preprocessing.padding_id)
    return _judge(metadata, given, answers), []


def _judge(
    metadata: Metadata, given: list[Vector], answers: npt.NDArray[np.floating[Any]]
) -> list[Comparison]:
    """Compares probabilities, (vectors without a reason, labels), and the labels that they give."""
    assert not isinstance(metadata.vectors, msgspec.UnsetType)
    accepted = [(number, vector) for number, vector in enumerate(given, start=1) if vector.reason is None]
    own = metadata.thresholds
    thresholds = None if isinstance(own, msgspec.UnsetType) else np.array(own)
    named = vectors.name_labels(answers, metadata.labels, thresholds)
    tolerance = metadata.vectors.tolerance
    probabilities, labels = [], []
    for (number, vector), answer, names in zip(accepted, answers, named, strict=True):
        expected = np.array(vector.probabilities)
        if not abs(answer - expected).max() <= tolerance:  # NaN has to fail too
            got = [round(float(each), vectors.DECIMALS) for each in answer]
            probabilities.append(Difference(number, vector.text, vector.probabilities, got))
        changed = np.array([(label in names) != (label in vector.labels) for label in metadata.labels])
        is_known = set(vector.labels) <= set(metadata.labels)
        if not is_known or not all(_is_close(expected, thresholds, tolerance)[changed]):
            labels.append(Difference(number, vector.text, vector.labels, names))
    return [
        Comparison("probabilities", len(accepted), probabilities),
        Comparison("labels", len(accepted), labels),
    ]


def _is_close(
    probabilities: npt.NDArray[np.float64], thresholds: npt.NDArray[np.float64] | None, tolerance: float
) -> npt.NDArray[np.bool_]:
    """Returns which labels are as likely given as not, where probabilities may differ by the tolerance.

    Args:
        probabilities: (labels,).
        thresholds: of sets, (labels,).
        tolerance: of a probability.
    """
    above = probabilities - (0.0 if thresholds is None else thresholds)
    is_among_best: npt.NDArray[np.bool_] = above >= above.max() - 2 * tolerance
    if thresholds is None:
        return is_among_best
    # Where no label reaches its threshold, the nearest is given.
    is_close: npt.NDArray[np.bool_] = abs(above) <= tolerance
    if above.max() < tolerance:
        is_close |= is_among_best
    return is_close


def _load(folder: Path, metadata: Metadata) -> Run:
    """Loads the file in its own runtime.

    Raises:
        InputError: `metadata.json` names no runtime of this version.
        SettingsError: the runtime is not installed.
    """
    runtime = next((each for each in RUNTIMES.values() if each.name == metadata.runtime), None)
    if runtime is None:
        raise InputError(
            tr("{path} names a runtime that this version does not know", path=folder / metadatas.FILE),
            details=[
                tr(
                    "expected one of {runtimes}, got {got}",
                    runtimes=", ".join(each.name for each in RUNTIMES.values()),
                    got=metadata.runtime,
                )
            ],
            cause=tr("The file was edited, or a newer version of this tool wrote it."),
            next_step=advise_export(folder),
        )
    try:
        # A signal within the import of a library in C is an ImportError there.
        with silence(), delayed:
            return runtime.load(folder / metadata.file, metadatas.THREADS)
    except ImportError as error:
        raise SettingsError(
            tr(
                "a file of {runtime} is run with the extra [{extra}]",
                runtime=runtime.name,
                extra=runtime.extra,
            ),
            details=[error],
            next_step=runtime.install,
        ) from error
