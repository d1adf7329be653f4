"""Compares Okt's tables as they are with those that a JVM takes out of the library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from etl.language.message import tr
from etl.runtime.scratch import temporary_folder
from etl.tagging.native.native import Checked
from etl.tagging.okt.dump import dump_in_process


def check_tables(folder: Path) -> Sequence[Checked]:
    """Compares every word with its parts of speech, frequency and stems, and all rules.

    Args:
        folder: what `etl.tagging.okt.native` made.

    Raises:
        EtlError: the library does not run.
    """
    with temporary_folder("okt-check") as dumped:
        dump_in_process(dumped)
        return compare_tables(folder, dumped)


def compare_tables(folder: Path, dumped: Path) -> Sequence[Checked]:
    """Compares the tables in two folders; see `check_tables`."""
    words = _check_words(*(pl.read_parquet(each / "words.parquet") for each in (folder, dumped)))
    return [words, _check_rules(*(_rules(each) for each in (folder, dumped)))]


def _check_words(ours: pl.DataFrame, library: pl.DataFrame) -> Checked:
    both = ours.join(library, on="word", how="full", suffix="_library", coalesce=True)
    names = [name for name in library.columns if name != "word"]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_library")) for name in names)
    rows = both.filter(differs).sort("word").iter_rows(named=True)
    return Checked(tr("words of the dictionaries"), library.height, tuple(str(row) for row in rows))


def _check_rules(ours: dict[str, Any], library: dict[str, Any]) -> Checked:
    """Compares each typo, weight, node of the trie and pattern."""
    pairs = [(name, _parts(ours[name]), _parts(library[name])) for name in library]
    differing = [
        f"{name}: {str(part)[:100]}"
        for name, own, others in pairs
        for part in ([each for each in (*own, *others) if each not in own or each not in others] or ["order"])
        if own != others
    ]
    return Checked(
        tr("typos, weights, nodes and patterns"), sum(len(others) for *_, others in pairs), tuple(differing)
    )


def _parts(rules: Any) -> list[Any]:
    return [rules["roots"], *rules["nodes"]] if isinstance(rules, dict) else list(rules)


def _rules(folder: Path) -> dict[str, Any]:
    rules: dict[str, Any] = json.loads((folder / "rules.json").read_text(encoding="utf-8"))
    return rules
