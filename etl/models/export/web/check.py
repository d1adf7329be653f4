"""Runs a web export on texts again, for `etl export --check`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from etl.errors import InputError
from etl.language.message import tr
from etl.models.export.metadata import Metadata
from etl.models.export.vectors import PreparedText
from etl.models.export.web import transformer
from etl.models.export.web.bundle import MODULE_FILE, PAGE_FILE
from etl.models.export.web.engine import SECONDS, find_engine, run_module
from etl.models.export.web.modules import PAGE
from etl.models.export.web.page import MODEL_FILE
from etl.runtime.scratch import temporary_folder

# A page that holds all: the line of its model, and of its script what stands before the page's own part.
_MODEL = re.compile(r"<script>(globalThis\.emotionModel = \"[A-Za-z0-9+/=]*\";)\n</script>")
_RUNTIME = re.compile(r'<script type="module">(.*?)^// The page:', re.DOTALL | re.MULTILINE)


def answer_texts(
    folder: Path, metadata: Metadata, texts: Sequence[str]
) -> tuple[list[PreparedText], npt.NDArray[np.float64]]:
    """Returns what an export makes of texts, and probabilities, (texts, labels), NaN where there is a reason.

    Raises:
        InputError: the page is none that was written here.
        SettingsError: nothing is installed that runs it.
        EtlError: it does not run.
    """
    engine = find_engine()
    is_transformer = metadata.file == transformer.MODEL_FILE
    with temporary_folder("check") as scratch:
        if metadata.file == PAGE_FILE:
            _take_apart((folder / PAGE_FILE).read_text(encoding="utf-8"), scratch)
        else:
            names = transformer.RUN_FILES if is_transformer else (MODULE_FILE, MODEL_FILE, "package.json")
            for name in names:
                shutil.copyfile(folder / name, scratch / name)
        seconds = transformer.SECONDS if is_transformer else SECONDS
        answers = run_module(engine, scratch, texts, seconds)
    fields = ("text", "reason", "tokens", "ids")
    prepared = [
        PreparedText(text, *(answer[name] for name in fields))
        for text, answer in zip(texts, answers, strict=True)
    ]
    return prepared, np.array([answer["probabilities"] for answer in answers], np.float64)


def _take_apart(page: str, scratch: Path) -> None:
    """Writes the module of a page that holds its model, from the page's own script."""
    model, runtime = _MODEL.search(page), _RUNTIME.search(page)
    if model is None or runtime is None:
        raise InputError(
            tr("{file} is no page that `etl export` wrote", file=PAGE_FILE),
            details=[tr("expected the line of the model, and the script of the page, got another page")],
            cause=tr("The page and metadata.json were edited."),
            next_step=tr("export the model again with `etl export MODEL --format web --single-file`"),
        )
    (scratch / MODEL_FILE).write_text(model[1], encoding="ascii")
    entry = (PAGE / "module.js").read_text(encoding="utf-8")
    module = f'import "./{MODEL_FILE}";\n{runtime[1]}\n{entry}'
    (scratch / MODULE_FILE).write_text(module, encoding="utf-8")
    shutil.copyfile(PAGE / "package.json", scratch / "package.json")
