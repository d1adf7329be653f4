"""The files of a web export: page, module, types and model, or all of it in one page."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from etl.models.baseline.tokens import TokenEncoder
from etl.models.card import BaselineCard, LinearCard
from etl.models.checkpoint import Checkpoint
from etl.models.export.pack.container import write_pack
from etl.models.export.pack.encoder import pack_encoder
from etl.models.export.pack.preparation import pack_preparation
from etl.models.export.pack.weights import describe_model, pack_weights
from etl.models.export.web.modules import PAGE
from etl.models.export.web.page import MODEL_FILE, assign_model, render_module, render_page
from etl.models.linear.features import FeatureEncoder

PAGE_FILE, MODULE_FILE = "index.html", "classifier.js"
# With package.json the folder is a package of Node, and `classifier.js` a module there.
_COPIED = ("classifier.d.ts", "notice.txt", "package.json")


def make_pack(model: Path, checkpoint: Checkpoint, max_len: int, *, is_int8: bool) -> bytes:
    """Returns the pack of a baseline: how a sentence is prepared, what makes its ids, and the weights.

    Args:
        model: its folder.
        checkpoint: loaded from it.
        max_len: the most ids of a sentence; a linear model takes all.
        is_int8: whether matrices are rounded to 8 bits.

    Raises:
        SettingsError: the model reads the tokens of a tagger that is not written in JavaScript.
    """
    card, encoder = checkpoint.card, checkpoint.encoder
    assert isinstance(encoder, TokenEncoder | FeatureEncoder)
    assert isinstance(card, BaselineCard | LinearCard)
    prepared = pack_preparation(checkpoint.preparation, "javascript")
    encoding, tensors = pack_encoder(encoder, max_len)
    config = {
        **prepared.config,
        "labels": card.labels,
        "thresholds": None if checkpoint.thresholds is None else checkpoint.thresholds.tolist(),
        "encoder": encoding,
        "model": describe_model(card),
    }
    weights = pack_weights(model, card, is_int8=is_int8)
    return write_pack(config, {**prepared.tensors, **tensors, **weights})


def describe_page(checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns what the last line of the page says of a model."""
    card, preparation = checkpoint.card, checkpoint.preparation
    tagger = preparation.version or preparation.tagger
    return {"model": card.architecture, "tagger": tagger, "labels": len(card.labels)}


def write_bundle(folder: Path, pack: bytes, about: dict[str, Any], *, is_single_file: bool) -> Path:
    """Writes the files of an export, and returns the one that holds the model.

    Args:
        folder: exists.
        pack: of the model.
        about: of `describe_page`.
        is_single_file: the page holds the model, and there is no module.
    """
    page = folder / PAGE_FILE
    if is_single_file:
        page.write_text(render_page(about, pack), encoding="utf-8")
        shutil.copyfile(PAGE / "notice.txt", folder / "notice.txt")
        return page
    page.write_text(render_page(about), encoding="utf-8")
    (folder / MODULE_FILE).write_text(render_module(), encoding="utf-8")
    (folder / MODEL_FILE).write_text(assign_model(pack), encoding="ascii")
    for name in _COPIED:
        shutil.copyfile(PAGE / name, folder / name)
    return folder / MODEL_FILE
