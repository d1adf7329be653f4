"""Writes a web export, after it has given the model's answers to real sentences."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from etl.errors import FindingsError
from etl.language.message import tr
from etl.models.export import metadata, onnx, parity, vectors
from etl.models.export.metadata import Latency, Metadata, Tensor
from etl.models.export.parity import Loss, Parity
from etl.models.export.sample import Sample
from etl.models.export.source import Source
from etl.models.export.vectors import Cases, PreparedText
from etl.models.export.web import bundle, onnxruntime_files, transformer
from etl.models.export.web.engine import SECONDS, Engine, find_engine, run_module
from etl.models.export.web.onnxruntime_files import OnnxRuntimeWeb
from etl.models.fine_tuned.word_pieces import PieceEncoder
from etl.models.linear.features import UNKNOWN, FeatureEncoder
from etl.runtime.files import sha256_file
from etl.runtime.scratch import temporary_folder

NAME, RUNTIME = "web", "JavaScript"
# What the weights in 8 bits may cost of macro-F1 before 32 bits are taken instead, where nobody chose.
MOST_LOST = 0.005
STEPS = ("classify(text) of classifier.js does all of it: cleaning, tokens, ids and probabilities",)
_SHOWN = 3
# Writes an export, with weights in 8 bits or 32, as one page or as a folder; returns the file of the model.
_Write = Callable[[Path, bool, bool], Path]


@dataclass(frozen=True)
class _Answers:
    """What a bundle said of the sample and of made-up texts."""

    of_sample: npt.NDArray[np.float64]  # (rows, labels)
    of_cases: npt.NDArray[np.float64]  # (texts without a reason, labels)
    milliseconds: list[float]
    engine: Engine


def write_export(
    source: Source,
    sample: Sample,
    cases: Cases,
    folder: Path,
    *,
    is_int8: bool | None,
    is_single_file: bool,
    runtime: OnnxRuntimeWeb | None = None,
) -> Metadata:
    """Writes the files of a web export into a folder, and returns its metadata.

    Args:
        source: the model.
        sample: held-out rows.
        cases: made-up texts, for the vectors.
        folder: exists.
        is_int8: weights in 8 bits; None: where that costs at most `MOST_LOST` of macro-F1.
        is_single_file: write one page that holds the model.
        runtime: of a transformer; None for another model.

    Raises:
        FindingsError: the bundle does not give the model's answers.
        SettingsError: the model cannot be exported, or nothing is installed that runs it.
        EtlError: the bundle does not run.
    """
    engine, rows = find_engine(), _read_rows(source, sample)
    texts = [*rows["raw_text"], *(case.text for case in cases.prepared)]
    with _open_bundle(source, runtime) as write:

        def run(is_rounded: bool) -> _Answers:
            with temporary_folder("export") as scratch:
                write(scratch, is_rounded, False)
                answers = run_module(engine, scratch, texts, transformer.SECONDS if runtime else SECONDS)
            _check_same(source, rows, sample, answers[: rows.height])
            _check_cases(cases, answers[rows.height :])
            return _read_answers(engine, rows.height, answers)

        answers = run(False)
        same = parity.compare_answers(sample, answers.of_sample)
        parity.check_parity(same, NAME)
        vectors.check_answers(cases, answers.of_cases, NAME)
        lost = None
        if is_int8 is not False:
            of_rounded = run(True)
            lost = parity.measure_loss(sample, of_rounded.of_sample, source.checkpoint.card.labels)
            if is_int8 or lost.model_macro_f1 - lost.int8_macro_f1 <= MOST_LOST:
                answers = of_rounded
            else:
                lost = None
        path = write(folder, lost is not None, is_single_file)
    described = _describe(source, path, answers, same, lost, runtime)
    checkpoint = source.checkpoint
    written = vectors.write_vectors(
        folder, cases, answers.of_cases, checkpoint.card.labels, checkpoint.thresholds
    )
    return msgspec.structs.replace(described, vectors=written)


@contextmanager
def _open_bundle(source: Source, runtime: OnnxRuntimeWeb | None) -> Iterator[_Write]:
    """What writes the files of a model: it is converted once, however often they are written."""
    if runtime:
        with transformer.open_transformer(source, runtime) as write:
            yield lambda folder, is_rounded, _: write(folder, is_rounded)
        return

    @cache
    def make_pack(is_rounded: bool) -> bytes:
        return bundle.make_pack(source.folder, source.checkpoint, source.max_len, is_int8=is_rounded)

    def write_page(folder: Path, is_rounded: bool, is_single_file: bool) -> Path:
        about = bundle.describe_page(source.checkpoint)
        return bundle.write_bundle(folder, make_pack(is_rounded), about, is_single_file=is_single_file)

    yield write_page


def _read_answers(engine: Engine, n_rows: int, answers: Sequence[dict[str, Any]]) -> _Answers:
    """Takes apart what an engine answered to so many rows, and then to made-up texts."""
    accepted = [answer for answer in answers[n_rows:] if answer["reason"] is None]
    of_sample, of_cases = (
        np.array([answer["probabilities"] for answer in each], np.float64)
        for each in (answers[:n_rows], accepted)
    )
    return _Answers(of_sample, of_cases, [answer["milliseconds"] for answer in answers[:n_rows]], engine)


def _read_rows(source: Source, sample: Sample) -> pl.DataFrame:
    """The sample's rows as they were read from their corpus, and their key tokens."""
    frame = source.dataset.scan(sample.split).select("raw_text", "text", "tokens").collect()
    return frame[sample.indices]


def _check_same(
    source: Source, rows: pl.DataFrame, sample: Sample, answers: Sequence[dict[str, Any]]
) -> None:
    """Refuses a bundle that cleans or tags a sentence otherwise than its dataset was."""
    reads_tokens = not isinstance(source.checkpoint.encoder, PieceEncoder)
    is_key = reads_tokens and source.checkpoint.preparation.tokens == "key"
    all_ids = sample.own_ids()
    if isinstance(source.checkpoint.encoder, FeatureEncoder):
        # N-grams that are no features stand in a row, too, and change nothing.
        all_ids = [[each for each in ids if each > UNKNOWN] for ids in all_ids]
    differing = []
    for row, ids, answer in zip(rows.iter_rows(named=True), all_ids, answers, strict=True):
        expected = [row["text"], row["tokens"], ids] if is_key else [row["text"], ids]
        found = [answer["text"], *([answer["tokens"]] if is_key else []), answer["ids"]]
        if expected != found:
            differing.append(tr("expected {expected}, got {got}", expected=expected, got=found))
    _refuse(differing, len(answers))


def _check_cases(cases: Cases, answers: Sequence[dict[str, Any]]) -> None:
    """Refuses a bundle that prepares made-up texts otherwise than Python does."""
    differing = []
    for case, answer in zip(cases.prepared, answers, strict=True):
        found = PreparedText(case.text, *(answer[name] for name in ("text", "reason", "tokens", "ids")))
        if found != case:
            differing.append(tr("expected {expected}, got {got}", expected=case, got=found))
    _refuse(differing, len(answers))


def _refuse(differing: Sequence[str], compared: int) -> None:
    """Refuses a bundle if a text differs.

    Raises:
        FindingsError: with the first ones.
    """
    if differing:
        raise FindingsError(
            tr("the web export does not prepare sentences as the model's dataset was; nothing was written"),
            details=[
                tr("{differing:,} of {compared:,} texts differ", differing=len(differing), compared=compared),
                *differing[:_SHOWN],
            ],
            cause=tr("The dataset was edited, or JavaScript runs a rule of its preparation otherwise."),
            next_step=tr("ingest and train again, and export again; or export with `--format onnx`"),
        )


def _describe(
    source: Source,
    path: Path,
    answers: _Answers,
    same: Parity,
    lost: Loss | None,
    runtime: OnnxRuntimeWeb | None,
) -> Metadata:
    labels, thresholds = source.checkpoint.card.labels, source.checkpoint.thresholds
    files = sorted(path.parent.iterdir())
    hashes = {file.name: sha256_file(file) for file in files}
    pack = transformer.PACK_FILE if runtime else path.name  # of vocabulary and preparation
    made_with = {onnxruntime_files.PACKAGE: runtime.version, **onnx.describe(path)} if runtime else {}
    timed = answers.milliseconds[metadata.WARM_UP :][: metadata.TIMED]
    return Metadata(
        format=metadata.FORMAT,
        runtime=RUNTIME,
        file=path.name,
        bytes=sum(file.stat().st_size for file in files),
        sha256=hashes[path.name],
        is_int8=lost is not None,
        labels=labels,
        max_len=None if isinstance(source.checkpoint.encoder, FeatureEncoder) else source.max_len,
        input=Tensor("text", "string", (1,), "one sentence"),
        output=Tensor(
            "probabilities",
            "float32" if runtime else "float64",
            (len(labels),),
            "by label, in the order of the labels",
        ),
        files={name: sha for name, sha in hashes.items() if name != path.name},
        thresholds=msgspec.UNSET if thresholds is None else thresholds.tolist(),
        preprocessing=msgspec.structs.replace(
            source.preprocessing,
            steps=STEPS,
            vocabulary_file=pack,
            vocabulary_sha256=hashes[pack],
            preparation_file=pack,
            preparation_sha256=hashes[pack],
        ),
        model=source.origin,
        parity=same,
        int8=lost,
        latency=Latency(round(statistics.median(timed), 4), len(timed), metadata.THREADS, platform.machine()),
        built_with={"checked with": answers.engine.name, **made_with},
    )
