"""Conformance vectors: texts, and what preparation, model and exported file make of them.

A preparation that is written again in another language is proved with them, and an export by
`etl export --check` (`etl.models.export.check`). `etl.models.export.vector_texts` makes the texts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from etl.errors import FindingsError
from etl.language.message import tr
from etl.models.baseline.tokens import TokenEncoder
from etl.models.checkpoint import Checkpoint
from etl.models.export.metadata import Vectors
from etl.models.export.parity import TOLERANCE
from etl.models.export.vector_texts import make_texts
from etl.models.fine_tuned.word_pieces import PieceEncoder
from etl.models.inference.classifier import start_preparing
from etl.models.linear.features import FeatureEncoder
from etl.models.training import sets
from etl.models.training.batches import Rows
from etl.models.training.encoder import Encoder

if TYPE_CHECKING:
    from etl.models.export.parity import Floats
    from etl.models.export.runtime import Run

FILE = "vectors.jsonl"
DECIMALS = 7  # of probabilities
# How long a tagger takes is the machine's business, so texts with these reasons prove nothing.
_REASONS_OF_MACHINES = ("tagger_timeout", "tagger_crash")
_PIECE_INSIDE = "##"
# Some readers of lines end one at each of these, which JSON may hold as they are.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\u0085\u2028\u2029"}


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the file.

    Attributes:
        text: as it is given.
        clean_text: the cleaned text.
        reason: None, or why the text has no label: a code of `schemas/columns.yaml`.
        tokens: the key tokens, none of a text with a reason; None where the model reads the cleaned text.
        ids: what the file takes, without padding and cut at `max_len`; none of a text with a reason.
        probabilities: what the file gives, in the order of the labels; none of a text with a reason.
        labels: the most probable label, or all of a set; none of a text with a reason.
    """

    text: str
    clean_text: str
    reason: str | None
    tokens: list[str] | None
    ids: list[int]
    probabilities: list[float]
    labels: list[str]


@dataclass(frozen=True)
class PreparedText:
    """The fields of a `Vector` that no model is needed for."""

    text: str
    clean_text: str
    reason: str | None
    tokens: list[str] | None
    ids: list[int]


@dataclass(frozen=True)
class Cases:
    """Prepared texts, and the model's probabilities of those without a reason: (accepted texts, labels)."""

    prepared: list[PreparedText]
    probabilities: npt.NDArray[np.float64]

    @property
    def ids(self) -> list[list[int]]:
        """The ids of the texts without a reason."""
        return [each.ids for each in self.prepared if each.reason is None]


def make_cases(checkpoint: Checkpoint, max_len: int | None) -> Cases:
    """Prepares made-up texts and classifies them as `etl predict` does.

    Args:
        checkpoint: the model.
        max_len: the most ids of a text; None: the model takes all.

    Raises:
        InputError: the installed tagger would give other tokens than in training.
        SettingsError: the tagger is not installed.
    """
    encoder, preparation = checkpoint.encoder, checkpoint.preparation
    texts = make_texts(preparation.clean, _list_words(encoder))
    with start_preparing(preparation, encoder.column, os.cpu_count() or 1) as prepare:
        frame = prepare(pl.Series("text", texts, dtype=pl.String))
    frame = frame.filter(~pl.col("reason").is_in(_REASONS_OF_MACHINES).fill_null(False))
    rows = encode_accepted(encoder, frame.filter(pl.col("reason").is_null()), max_len)
    probabilities = np.exp(checkpoint.predict_rows(rows, max_len))
    return Cases(join_ids(frame, list_ids(rows, encoder, max_len)), probabilities)


def _list_words(encoder: Encoder) -> list[str]:
    """Returns what a model knows that can stand in a text, sorted."""
    if isinstance(encoder, TokenEncoder):
        return sorted(encoder.vocabulary.tokens[encoder.unknown_id + 1 :])
    if isinstance(encoder, FeatureEncoder):
        return list(encoder.tokens.symbols)
    assert isinstance(encoder, PieceEncoder)
    special = set(encoder.tokenizer.all_special_tokens)
    return sorted(
        piece
        for piece in encoder.tokenizer.get_vocab()
        if piece not in special and _PIECE_INSIDE not in piece
    )


def encode_accepted(encoder: Encoder, accepted: pl.DataFrame, max_len: int | None) -> Rows:
    """Returns prepared texts as rows of an encoder, cut as a model wants it.

    Args:
        encoder: of the model.
        accepted: with `text` and, if the encoder reads them, `tokens`.
        max_len: the most ids of a row; None: all.
    """
    # The encoder expects labels and sources, as in training; here they have no effect.
    labelled = accepted.with_columns(label=pl.lit("any"), source=pl.lit(""))
    rows = encoder.encode(labelled, ["any"])
    return rows if max_len is None else encoder.cut(rows, max_len)


def list_ids(rows: Rows, encoder: Encoder, max_len: int | None) -> list[list[int]]:
    """Returns the ids of each row as an exported file takes them, without padding.

    Those of a linear model are features, of which unknown ones have no weight and are left out.
    """
    left_out = {encoder.padding_id} | ({encoder.unknown_id} if isinstance(encoder, FeatureEncoder) else set())
    listed = []
    for start, length in zip(rows.starts.tolist(), rows.lengths.tolist(), strict=True):
        own = rows.ids[start : start + (length if max_len is None else min(length, max_len))].tolist()
        # A row without ids is one of padding.
        is_kept = isinstance(encoder, PieceEncoder) and own != [encoder.padding_id]
        listed.append(own if is_kept else [each for each in own if each not in left_out])
    return listed


def join_ids(frame: pl.DataFrame, ids: Iterable[list[int]]) -> list[PreparedText]:
    """Joins what `etl.ingestion.prepare` gives for texts with the ids of those without a reason."""
    remaining = iter(ids)
    has_tokens = "tokens" in frame.columns
    prepared = []
    for row in frame.iter_rows(named=True):
        is_accepted = row["reason"] is None
        tokens = (row["tokens"] or [] if is_accepted else []) if has_tokens else None
        own = next(remaining) if is_accepted else []
        prepared.append(PreparedText(row["raw_text"], row["text"], row["reason"], tokens, own))
    return prepared


def run_each(
    run: Run, ids: Sequence[Sequence[int]], max_len: int | None, padding_id: int
) -> npt.NDArray[np.float32]:
    """Runs a file on one text after another: an int8 file rounds by all that it gets at once.

    Args:
        run: the file.
        ids: of each text, without padding.
        max_len: the width of the input; None: any.
        padding_id: fills texts up.

    Returns:
        Probabilities, (texts, labels).
    """
    known: dict[tuple[int, ...], npt.NDArray[np.float32]] = {}
    answers = []
    for each in map(tuple, ids):
        if each not in known:
            padded = np.full((1, max_len or max(1, len(each))), padding_id, dtype=np.int32)
            padded[0, : len(each)] = each
            known[each] = run(padded)[0]
        answers.append(known[each])
    return np.stack(answers)


def check_answers(cases: Cases, answers: Floats, runtime: str) -> None:
    """Refuses a float32 file that gives other answers than its model.

    Args:
        cases: with the model's.
        answers: of the file, in the same shape.
        runtime: its name.

    Raises:
        FindingsError: with the text on which they differ most.
    """
    differences = abs(answers - cases.probabilities).max(axis=1)
    worst = int(differences.argmax())
    # `not <=` instead of `>`: NaN has to fail too.
    if not differences.max() <= TOLERANCE:
        accepted = [each for each in cases.prepared if each.reason is None]
        raise FindingsError(
            tr(
                "the {runtime} file does not give the model's answers to made-up texts; nothing was written",
                runtime=runtime,
            ),
            details=[
                tr(
                    "expected probabilities to differ by at most {tolerance:g}, got {difference:.3g} "
                    "for {text!r}",
                    tolerance=TOLERANCE,
                    difference=differences[worst],
                    text=accepted[worst].text,
                ),
            ],
            cause=tr(
                "The converter or the runtime of {runtime} computes something of this model otherwise.",
                runtime=runtime,
            ),
            next_step=tr("export to another format, or with the versions that constraints.txt pins"),
        )


def write_vectors(
    folder: Path,
    cases: Cases,
    answers: Floats,
    labels: list[str],
    thresholds: npt.NDArray[np.float64] | None,
) -> Vectors:
    """Writes the vectors of a file into the folder of its export.

    The tolerance is that of the comparison with the model; of an int8 file, which another processor rounds
    otherwise, what rounding changes here.

    Args:
        folder: where.
        cases: the texts.
        answers: what the file gives, (accepted texts, labels).
        labels: in order.
        thresholds: of sets, (labels,).

    Returns:
        What `metadata.json` says of them.
    """
    remaining = zip(answers, name_labels(answers, labels, thresholds), strict=True)
    vectors = []
    for each in cases.prepared:
        own, named = next(remaining) if each.reason is None else ((), [])
        probabilities = [round(float(number), DECIMALS) for number in own]
        vectors.append(Vector(**vars(each), probabilities=probabilities, labels=named))
    content = to_bytes(vectors)
    (folder / FILE).write_bytes(content)
    largest = float(abs(answers - cases.probabilities).max(initial=0.0))
    return Vectors(
        FILE, len(vectors), hashlib.sha256(content).hexdigest(), max(TOLERANCE, round(largest, DECIMALS))
    )


def name_labels(
    answers: Floats, labels: list[str], thresholds: npt.NDArray[np.float64] | None
) -> list[list[str]]:
    """Returns the labels of each row of probabilities, (rows, labels): one, or all that reach thresholds."""
    if thresholds is None:
        return [[labels[best]] for best in answers.argmax(axis=1)]
    chosen = sets.choose(answers.astype(np.float64), thresholds)
    return [[label for label, is_own in zip(labels, row, strict=True) if is_own] for row in chosen]


def to_bytes(vectors: Iterable[Vector]) -> bytes:
    """Returns the content of the file: UTF-8, one JSON object a line."""
    lines = (msgspec.json.encode(vector).decode().translate(_LINE_ENDS) for vector in vectors)
    return "".join(f"{line}\n" for line in lines).encode()
