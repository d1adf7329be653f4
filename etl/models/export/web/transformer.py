"""The files of a web export of a fine-tuned transformer, which ONNX Runtime runs in the browser and in Node.

Beside `model.onnx` lie the runtime (`etl.models.export.web.onnxruntime_files`), and a pack with the cleaning
and the tokenizer. A browser loads such files from a server only, so that there is no page of one file.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from etl.errors import SettingsError
from etl.language.message import tr
from etl.models.checkpoint import load_module
from etl.models.export import onnx
from etl.models.export.pack.container import write_pack
from etl.models.export.pack.preparation import pack_preparation
from etl.models.export.pack.word_pieces import pack_word_pieces
from etl.models.export.runtime import check_installed
from etl.models.export.source import Source
from etl.models.export.web import onnxruntime_files
from etl.models.export.web.bundle import MODULE_FILE, PAGE_FILE, describe_page
from etl.models.export.web.engine import find_engine
from etl.models.export.web.modules import PAGE, RUNTIME, join_modules
from etl.models.export.web.onnxruntime_files import OnnxRuntimeWeb, find_onnxruntime_web
from etl.models.export.web.page import render_served_page
from etl.models.fine_tuned.word_pieces import PieceEncoder
from etl.runtime.scratch import temporary_folder

MODEL_FILE, PACK_FILE, NOTICE_FILE = "model.onnx", "preparation.pack", "notice.txt"
# What the module needs to be run.
RUN_FILES = (MODULE_FILE, MODEL_FILE, PACK_FILE, "package.json", *onnxruntime_files.FILES)
# A rough bound: a sentence of a model of 110 million weights takes a tenth of a second, and there are 3,000.
SECONDS = 7200
_LEAST_IDS = 3


def check_transformer(node_modules: Path | None, *, is_single_file: bool) -> OnnxRuntimeWeb:
    """Checks that what an export needs is installed, and returns the runtime.

    Args:
        node_modules: where onnxruntime-web is; None: where npm installs it.
        is_single_file: refused.

    Raises:
        SettingsError: it is not; the command that installs it is named.
    """
    if is_single_file:
        raise SettingsError(
            tr("a transformer is no page of one file"),
            details=[tr("expected --single-file with a model of `etl train-baseline`")],
            cause=tr("Its runtime and its weights are files that a browser loads from a server only."),
            next_step=tr("leave --single-file out"),
        )
    check_installed(onnx.RUNTIME)
    if find_engine().is_browser:
        raise SettingsError(
            tr("an export of a transformer to the web needs Node 18 or newer"),
            details=[tr("expected node, got a browser")],
            cause=tr("What is written is run on real sentences first, and a browser loads it from no disk."),
            next_step=tr("install Node, such as with `apt-get install nodejs`, and export again"),
        )
    return find_onnxruntime_web(node_modules)


@contextmanager
def open_transformer(source: Source, runtime: OnnxRuntimeWeb) -> Iterator[Callable[[Path, bool], Path]]:
    """Converts a model once for all exports of it.

    Args:
        source: the model, whose encoder is a `PieceEncoder`.
        runtime: is copied beside it.

    Yields:
        A function that writes the files into a folder, with weights in 8 bits or in 32, and returns the path
        of the model.

    Raises:
        SettingsError: its tokenizer is not written in JavaScript, or it takes too few ids.
    """
    if source.max_len < _LEAST_IDS:
        raise SettingsError(
            tr("a transformer in the web needs a larger --max-len"),
            details=[
                tr(
                    "expected --max-len {least} or more, got {max_len}",
                    least=_LEAST_IDS,
                    max_len=source.max_len,
                )
            ],
            next_step=tr("leave --max-len out"),
        )
    pack = _make_pack(source)
    with temporary_folder("transformer") as scratch:

        @cache
        def convert(is_int8: bool) -> Path:
            path = scratch / ("int8.onnx" if is_int8 else "float32.onnx")
            if is_int8:
                onnx.quantise(convert(False), path)
            else:
                _convert(source, path)
            return path

        def write(folder: Path, is_int8: bool) -> Path:
            shutil.copyfile(convert(is_int8), folder / MODEL_FILE)
            (folder / PACK_FILE).write_bytes(pack)
            _write_scripts(source, folder)
            runtime.copy_files(folder)
            return folder / MODEL_FILE

        yield write


def _make_pack(source: Source) -> bytes:
    checkpoint = source.checkpoint
    assert isinstance(checkpoint.encoder, PieceEncoder)
    prepared = pack_preparation(checkpoint.preparation, "javascript", is_tagged=False)
    config = {
        **prepared.config,
        "labels": checkpoint.card.labels,
        "thresholds": None if checkpoint.thresholds is None else checkpoint.thresholds.tolist(),
        "encoder": pack_word_pieces(checkpoint.encoder, source.max_len),
    }
    return write_pack(config, prepared.tensors)


def _convert(source: Source, path: Path) -> None:
    from etl.models.export.graph import Standalone

    checkpoint = source.checkpoint
    is_multi = checkpoint.thresholds is not None
    model = load_module(checkpoint)
    module = Standalone(model, source.preprocessing.padding_id, is_multi=is_multi).eval()
    onnx.convert(module, source.max_len, path, is_open=True)


def _write_scripts(source: Source, folder: Path) -> None:
    about = {**describe_page(source.checkpoint), "tagger": "WordPiece"}  # nothing is tagged
    (folder / PAGE_FILE).write_text(render_served_page(about), encoding="utf-8")
    entry = (PAGE / "pieces.js").read_text(encoding="utf-8")
    runtime = f'import * as ort from "./{onnxruntime_files.MODULE_FILE}";\n'
    joined = join_modules(RUNTIME / "classify_pieces.js")
    (folder / MODULE_FILE).write_text(f"{runtime}\n{joined}\n{entry}", encoding="utf-8")
    shutil.copyfile(PAGE / "pieces.d.ts", folder / "classifier.d.ts")
    shutil.copyfile(PAGE / "pieces_notice.txt", folder / NOTICE_FILE)
    shutil.copyfile(PAGE / "package.json", folder / "package.json")
