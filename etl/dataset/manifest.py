"""The manifest, written last: what went in, what came out, and the sha256 of every file.

Nothing in it is a date or a path of this machine, so the same input gives the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

import etl
from etl.dataset import card
from etl.dataset.shards import fingerprint
from etl.schema.taxonomy import Taxonomy
from etl.settings import Settings

FORMAT = 1


def counts(keys: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """For each source how many rows were read, kept, and rejected for each reason."""
    tally: dict[str, dict[str, Any]] = {}
    for source, reason, count in keys.group_by("source", "reason").len().sort("source", "reason").iter_rows():
        entry = tally.setdefault(source, {"read": 0, "kept": 0, "rejected": {}})
        entry["read"] += count
        if reason is None:
            entry["kept"] += count
        else:
            entry["rejected"][reason] = count
    return tally


def splits(keys: pl.DataFrame, targets: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """For each split how many rows it has, in all and for each label."""

    kept = keys.filter(pl.col("reason").is_null()).group_by("split", "label").len()
    tally = {(split, label): count for split, label, count in kept.iter_rows()}
    return {
        split: {
            "rows": sum(tally.get((split, label), 0) for label in targets),
            "labels": {label: tally.get((split, label), 0) for label in targets},
        }
        for split in ("train", "validation", "test")
    }


def write(
    folder: Path,
    *,
    settings: Settings,
    taxonomy: Taxonomy,
    facts: dict[str, Any],
    files: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    """Writes labels, card, Croissant metadata and, last, the manifest.

    Args:
        folder: the dataset's folder, shards in place.
        settings: what decided the content.
        taxonomy: the labels.
        facts: inputs, counts, splits, tagger and so on, as they shall stand in the manifest.
        files: sha256, bytes and rows of the shards and rejects.

    Returns:
        The manifest.
    """
    labels = {
        "taxonomy": taxonomy.name,
        "labels": list(taxonomy.targets),
        "ids": {label: index for index, label in enumerate(taxonomy.targets)},
    }
    manifest = {
        "format": FORMAT,
        "tool": {"name": "korean-emotion-etl", "version": etl.__version__},
        "settings": _without_paths(settings, taxonomy),
        "taxonomy": {"name": taxonomy.name, "targets": list(taxonomy.targets), "sha256": taxonomy.sha256},
        **facts,
    }
    _write_json(folder / "labels.json", labels)
    (folder / "README.md").write_text(card.dataset_card(manifest), encoding="utf-8")
    _write_json(folder / "croissant.json", card.croissant(files))
    for name in ("labels.json", "README.md", "croissant.json"):
        files[name] = fingerprint(folder / name)
    manifest["files"] = dict(sorted(files.items()))
    _write_json(folder / "manifest.json", manifest)
    return manifest


def _without_paths(settings: Settings, taxonomy: Taxonomy) -> dict[str, Any]:
    """The settings, with names in the place of a user's paths; hashes of what they hold stand elsewhere."""
    tree: dict[str, Any] = msgspec.to_builtins(settings)
    tree["taxonomy"] = taxonomy.name
    del tree["validate"], tree["refresh"]  # how a dataset is judged and kept fresh is no part of it
    for name in ("stop_words", "dictionary"):
        if tree["tag"][name]:
            tree["tag"][name] = Path(tree["tag"][name]).name
    return tree


def _write_json(path: Path, document: Any) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
