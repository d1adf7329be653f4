"""Writes a model as a file of another runtime, after checking that it gives the model's answers."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from etl.dataset import staging
from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.card import FineTunedCard, LinearCard, read_card
from etl.models.checkpoint import load_module
from etl.models.export import linear, litert, metadata, onnx, parity, torchscript, vectors
from etl.models.export.android import files as android
from etl.models.export.metadata import Metadata, Tensor
from etl.models.export.options import MIN_ROWS, ROWS, Format
from etl.models.export.parity import Loss, Parity
from etl.models.export.runtime import Runtime, check_installed
from etl.models.export.sample import Sample, draw_sample
from etl.models.export.source import Source, open_source
from etl.models.export.vectors import Cases
from etl.models.export.web import export as web
from etl.models.export.web.transformer import check_transformer
from etl.models.linear.model import LinearModel
from etl.runtime.files import sha256_file
from etl.runtime.paths import keep_compiled_code
from etl.settings import PathLike

RUNTIMES = {
    "onnx": onnx.RUNTIME,
    "litert": litert.RUNTIME,
    "torchscript": torchscript.RUNTIME,
    "android": litert.RUNTIME,  # with what makes its ids beside it
}
# ONNX Runtime would report to its makers, and leave a file in the temporary folder; see
# `findings/onnxruntime-telemetry.sh`.
NO_TELEMETRY = ("ORT_DISABLE_TELEMETRY", "1")

# What a phone runs is a network, and the default of `etl train-baseline` is none.
NETWORK = tr(
    "train a network with `etl train-baseline DATASET --out NETWORK --model bilstm`, and export that"
)


@dataclass(frozen=True)
class Exported:
    """The folder of an export, and its metadata."""

    folder: Path
    metadata: Metadata


def export(
    model: PathLike,
    to: Format,
    out: PathLike | None = None,
    *,
    dataset: PathLike | None = None,
    int8: bool | None = None,
    max_len: int | None = None,
    rows: int = ROWS,
    is_single_file: bool = False,
    node_modules: PathLike | None = None,
) -> Exported:
    """Exports a model, with `metadata.json`, its vocabulary, its preparation and vectors beside it.

    Args:
        model: a folder that `etl train-baseline` or `etl train-transformer` wrote.
        to: onnx, litert, torchscript, web, or android: LiteRT with what makes its ids in an app.
        out: a new folder, or an older export; `export/` in the model, if None.
        dataset: what the model was trained on; looked for beside the model, if None.
        int8: write the int8 variant of a file that has passed the comparison; None: for the web where that
            costs next to nothing, else not.
        max_len: ids per row, at most the model's, which is the default.
        rows: how many held-out sentences the file is compared on, at least 500.
        is_single_file: for the web, write one page that holds the model.
        node_modules: for a transformer in the web, the folder with onnxruntime-web; where npm installs it, if
            None.

    Returns:
        The folder of the export, and its metadata.

    Raises:
        SettingsError: an extra or the model's tagger is not installed, there is no such variant, or `out` is
            something else.
        InputError: the model or the dataset is damaged, they do not belong together, or the installed tagger
            would give other tokens than in training.
        FindingsError: the file does not give the model's answers; nothing is written.
        WriteError: `out` cannot be written.
    """
    model = Path(model)
    runtime = None if to == "web" else _choose_runtime(model, to, int8=bool(int8))
    _check_options(runtime, int8=bool(int8), rows=rows, is_single_file=is_single_file)
    keep_compiled_code()
    os.environ.setdefault(*NO_TELEMETRY)
    for_web = None
    if runtime:
        check_installed(runtime)
    elif isinstance(read_card(model), FineTunedCard):
        for_web = check_transformer(
            Path(node_modules) if node_modules else None, is_single_file=is_single_file
        )
    folder = Path(out) if out else model / "export" / (f"{to}-int8" if int8 else to)
    staging.check_replaceable(folder, metadata.FILE)
    source = open_source(model, Path(dataset) if dataset else None, max_len)
    of_app = android.make_files(source) if to == "android" else {}
    cases = vectors.make_cases(source.checkpoint, _limit(source))
    sample = draw_sample(
        source.checkpoint,
        source.split,
        source.rows,
        rows,
        source.max_len,
        source.preprocessing.padding_id,
    )
    with staging.staging(folder, metadata.FILE) as partial:
        if runtime:
            written = _write_export(source, runtime, sample, cases, partial, is_int8=bool(int8))
        else:
            written = web.write_export(
                source,
                sample,
                cases,
                partial,
                is_int8=int8,
                is_single_file=is_single_file,
                runtime=for_web,
            )
        if of_app:
            written = msgspec.structs.replace(written, files=android.write_files(of_app, partial))
        (partial / metadata.FILE).write_bytes(metadata.to_bytes(written))
    return Exported(folder, written)


def _write_export(
    source: Source, runtime: Runtime, sample: Sample, cases: Cases, folder: Path, *, is_int8: bool
) -> Metadata:
    """Writes a file of ids to probabilities, and what makes ids of a sentence."""
    path = folder / runtime.file
    same = _write(source, runtime, sample, path)
    answers = _answer(source, runtime, cases, path)
    vectors.check_answers(cases, answers, runtime.name)
    lost = None
    if is_int8:
        lost = _quantise(source, runtime, sample, path)
        answers = _answer(source, runtime, cases, path)
    for file in source.files:
        shutil.copyfile(file, folder / file.name)
    checkpoint = source.checkpoint
    written = vectors.write_vectors(folder, cases, answers, checkpoint.card.labels, checkpoint.thresholds)
    return msgspec.structs.replace(_describe(source, runtime, sample, path, same, lost), vectors=written)


def _choose_runtime(model: Path, to: Format, *, int8: bool) -> Runtime:
    card = read_card(model)
    if not isinstance(card, LinearCard):
        return RUNTIMES[to]
    if to != "onnx" or int8:
        raise SettingsError(
            tr("a linear model is not exported to {runtime} with --int8", runtime=RUNTIMES[to].name)
            if int8
            else tr("a linear model is not exported to {runtime}", runtime=RUNTIMES[to].name),
            next_step=tr(
                "{train}; or export it with `etl export {model} --format onnx`", train=NETWORK, model=model
            ),
        )
    return linear.make_runtime(is_multi=card.thresholds is not msgspec.UNSET)


def _check_options(runtime: Runtime | None, *, int8: bool, rows: int, is_single_file: bool) -> None:
    if runtime and is_single_file:
        raise SettingsError(
            tr("only an export to the web is a page, and this one is to {runtime}", runtime=runtime.name),
            details=[tr("expected --format web with --single-file")],
            next_step=tr("leave --single-file out"),
        )
    if runtime and int8 and runtime.quantise is None:
        raise SettingsError(
            tr("there is no int8 variant of {runtime}", runtime=runtime.name),
            next_step=tr("leave --int8 out"),
        )
    if rows < MIN_ROWS:
        raise SettingsError(
            tr("too few sentences to tell whether a file is right"),
            details=[tr("expected at least {least} sentences, got {rows}", least=MIN_ROWS, rows=rows)],
            next_step=tr("leave --rows out"),
        )


def _write(source: Source, runtime: Runtime, sample: Sample, path: Path) -> Parity:
    """Writes the float32 file, and refuses it if its answers are not those of the model."""
    runtime.convert(_make_standalone(source), source.max_len, path)
    same = parity.compare_answers(sample, runtime.load(path, metadata.THREADS)(sample.ids))
    parity.check_parity(same, runtime.name)
    return same


def _make_standalone(source: Source) -> Any:
    """Returns what a runtime converts: a module of torch, or a linear model as it is."""
    model = source.checkpoint.model
    if isinstance(model, LinearModel):
        return model
    from etl.models.export.graph import Standalone

    is_multi = source.checkpoint.thresholds is not None
    module = load_module(source.checkpoint)
    return Standalone(module, source.preprocessing.padding_id, is_multi=is_multi).eval()


def _limit(source: Source) -> int | None:
    """Returns the most ids of a row, or None of a model that takes any number."""
    return None if isinstance(source.checkpoint.model, LinearModel) else source.max_len


def _answer(source: Source, runtime: Runtime, cases: Cases, path: Path) -> npt.NDArray[np.float32]:
    """Runs the file on made-up texts; returns probabilities, (texts without a reason, labels)."""
    run = runtime.load(path, metadata.THREADS)
    return vectors.run_each(run, cases.ids, _limit(source), source.preprocessing.padding_id)


def _quantise(source: Source, runtime: Runtime, sample: Sample, path: Path) -> Loss:
    """Replaces the float32 file by its int8 variant."""
    assert runtime.quantise is not None
    float32 = path.with_name(f"float32-{path.name}")
    path.rename(float32)
    runtime.quantise(float32, path)
    float32.unlink()
    return parity.measure_loss(
        sample, runtime.load(path, metadata.THREADS)(sample.ids), source.checkpoint.card.labels
    )


def _describe(
    source: Source, runtime: Runtime, sample: Sample, path: Path, same: Parity, lost: Loss | None
) -> Metadata:
    labels, thresholds = source.checkpoint.card.labels, source.checkpoint.thresholds
    limit = _limit(source)
    shape = (runtime.shape[0], runtime.shape[1] if limit is None else limit)
    return Metadata(
        format=metadata.FORMAT,
        runtime=runtime.name,
        file=path.name,
        bytes=path.stat().st_size,
        sha256=sha256_file(path),
        is_int8=lost is not None,
        labels=labels,
        max_len=limit,
        input=Tensor(metadata.INPUT, "int32", shape, "ids of one sentence in each row, padded at the right"),
        output=Tensor(
            "probabilities",
            "float32",
            (shape[0], len(labels)),
            "in the order of the labels, sum 1"
            if thresholds is None
            else "in the order of the labels, each 0 to 1",
        ),
        thresholds=msgspec.UNSET if thresholds is None else thresholds.tolist(),
        preprocessing=source.preprocessing,
        model=source.origin,
        parity=same,
        int8=lost,
        latency=metadata.measure_latency(runtime.load(path, metadata.THREADS), sample.ids),
        built_with=runtime.describe(path),
    )
