"""Reads Okt's dictionaries out of the installed jar, without a JVM.

The jar holds them as lists of words; which list is what, and the rules that stand in its code, are
restated in `schemas/okt.yaml`. `etl doctor --prove` and the tests show that both come out as the library has
them: only jars for which that was shown are read in this way.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from etl.schema import resources
from etl.tagging.native import known
from etl.tagging.okt import patterns, scala_hash
from etl.tagging.okt.conjugation import conjugated

_DICTIONARIES = "org/openkoreantext/processor/util/"
_WHITE = "".join(map(chr, range(33)))  # what Java's `trim` cuts off


def is_known() -> bool:
    """Whether the installed jars, on the installed Java, are those that were proved."""
    return known.is_known(resources.load("schemas", "okt.yaml")["known"], _folder)


def extract(folder: Path) -> None:
    """Writes what `etl.tagging.okt.tables` reads into a folder that is there and empty."""
    files: dict[str, Any] = resources.load("schemas", "okt.yaml")["dictionaries"]
    with zipfile.ZipFile(_folder() / files["jar"]) as jar:
        words = _words(jar, files)
        typos = _typos(jar, files)
    words.write_parquet(folder / "words.parquet", compression="lz4")
    constants = resources.load("schemas", "okt.yaml")
    rules = {
        "trie": _trie(constants["sequences"], constants["part_letters"]),
        "weights": [float(np.float32(weight)) for weight in constants["weights"].values()],
        "typos": typos,
        "patterns": patterns.restated(),
    }
    (folder / "rules.json").write_text(json.dumps(rules, ensure_ascii=False), encoding="utf-8")


def _folder() -> Path:
    """Where KoNLPy keeps its jars; it is not imported."""
    spec = find_spec("konlpy")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("konlpy is not installed")
    return Path(spec.origin).parent / "java"


def _lines(jar: zipfile.ZipFile, name: str) -> pl.Series:
    raw = jar.read(_DICTIONARIES + name)
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    lines = pl.Series("word", text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), pl.String)
    lines = lines.str.strip_chars(_WHITE)
    return lines.filter(lines != "")


def _words(jar: zipfile.ZipFile, files: dict[str, Any]) -> pl.DataFrame:
    """A row a word: `mask` (parts of speech and kinds of name, as bits), `frequency`, and its stems."""
    masks, stems = [], []
    for bit, (_, names) in enumerate([*files["parts"].items(), *files["names"].items()]):
        if isinstance(names, list):
            word = pl.concat([_lines(jar, name) for name in names]).unique()
        else:
            forms = conjugated(
                _lines(jar, names["stems"]).unique(), is_adjective=names["column"] == "adjective"
            )
            stems.append(_last_stems(forms).rename({"stem": names["column"]}))
            word = stems[-1]["word"]
        # 13 parts of speech, and a name's bit follows them.
        masks.append(pl.DataFrame({"word": word}).with_columns(mask=pl.lit(1 << bit, pl.Int32)))
    frequencies = _frequencies(_lines(jar, files["frequencies"]))
    words = pl.concat([*masks, frequencies.select("word", mask=pl.lit(0, pl.Int32))])
    words = words.group_by("word").agg(pl.col("mask").sum()).sort("word")
    for found in (frequencies, *stems):
        words = words.join(found, on="word", how="left", maintain_order="left")
    return words.with_columns(pl.col("frequency").fill_null(0.0))


def _frequencies(lines: pl.Series) -> pl.DataFrame:
    """The library reads six characters of each number."""
    parts = lines.filter(lines.str.contains("\t", literal=True)).str.split("\t")
    number = parts.list.get(1).str.head(6).cast(pl.Float32)
    frame = pl.DataFrame({"word": parts.list.get(0), "frequency": number})
    return frame.unique("word", keep="last")


def _last_stems(forms: pl.DataFrame) -> pl.DataFrame:
    """One stem for each form: where there are several, the last in the order of the library."""
    is_ambiguous = forms["word"].is_duplicated()
    chosen: dict[str, str] = {}
    pairs = [
        (scala_hash.place(word, stem), word, stem) for stem, word in forms.filter(is_ambiguous).iter_rows()
    ]
    for _, word, stem in sorted(pairs):
        chosen[word] = stem
    ambiguous = pl.DataFrame({"word": list(chosen), "stem": list(chosen.values())}, schema=["word", "stem"])
    return pl.concat([forms.filter(~is_ambiguous).select("word", "stem"), ambiguous])


def _typos(jar: zipfile.ZipFile, files: dict[str, Any]) -> list[tuple[str, str]]:
    """Typos and what they stand for, grouped by length in the order in which the library corrects them."""
    pairs = [line.split(" ") for line in _lines(jar, files["typos"]) if " " in line]
    meant = {typo: right for typo, right, *_ in pairs}
    lengths: list[int] = files["typo_lengths"]
    return sorted(meant.items(), key=lambda pair: (lengths.index(len(pair[0])), pair[0]))


def _trie(sequences: list[str], letters: str) -> dict[str, Any]:
    """Which part of speech may follow which: nodes `[part of speech, next nodes, may a word end here]`.

    A sequence is letters of parts of speech, each with how often it comes: 1, + (at least once), 0 (at most
    once) or *.
    """
    nodes: list[Any] = []

    def build(rest: str) -> list[int]:
        if not rest:
            return []
        letter, times, after = rest[0], rest[1], rest[2:]
        number = len(nodes)
        nodes.append(None)
        own = [number] if times in "+*" else []
        is_end = not set(after) & {"1", "+"}
        nodes[number] = [letters.index(letter), [*own, *build(after)], is_end]
        return [number, *(build(after) if times in "0*" else [])]

    return {"roots": [number for sequence in sequences for number in build(sequence)], "nodes": nodes}
