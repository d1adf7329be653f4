"""One folder with all that commands read: raw files, a dataset, models, an export, and a publish dir."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml
from support.run_etl import Run, environment, etl, succeeded
from support.small_tables import write_lines
from support.tiny_electra import write_tiny_electra
from support.training_datasets import SEPARABLE, draw

from etl.corrections import Decision, append_decision
from faults.table import Command

# What differs from run to run, in the files that hold when something was done.
_DATED = re.compile(rb'"(?:published|started|seconds|own_sha256|\w+_ms)": ?(?:"[^"]*"|[\d.e-]+)')
_DATED_FILES = {"version.json", "runs.jsonl", "metadata.json"}


def prepare(folder: Path, *, has_transformer: bool = False) -> Path:
    """Makes all that `HOLDERS` of the table lists; in about ten seconds, a transformer takes ten more."""
    if (compiled := Path(os.environ.get("ETL_CACHE_DIR", ""), "compiled")).is_dir():
        shutil.copytree(compiled, folder / "cache" / "compiled")  # seconds of numba's
    _write_raw(folder / "raw" / "a.jsonl", 0, 150)
    _write_config(folder / "etl.yaml", "raw")
    _write_config(folder / "newer.yaml", "raw", "more")
    _write_corrections(folder / "corrections.jsonl")
    (folder / "filled.csv").write_text("id,text,label\ntable:1,오늘은 좋다,기쁨\n", encoding="utf-8")
    _write_config(folder / "trained.yaml", "raw", train={"model": "linear"})
    steps = [
        "refresh --config etl.yaml --workers 1",
        "ingest raw --config etl.yaml --workers 1 --out dataset",
        "build-vocab dataset --min-count 1",
        "validate dataset",
        "train-baseline dataset --out model --model bilstm --embedding 4 --hidden 4 --epochs 3 --lr 0.02",
        "export model --format onnx --out export/onnx",
        "export model --format torchscript --out export/torchscript",
        "ingest raw --config etl.yaml --tagger mecab --workers 1 --out made",
        "refresh --config etl.yaml --workers 1",
    ]
    if has_transformer:
        write_tiny_electra(folder / "tiny", [tokens for tokens, _, _ in SEPARABLE["train"]])
        steps.append("train-transformer dataset --model tiny --out transformer --epochs 4 --lr 0.01")
    for step in steps:
        if step == steps[1]:
            _write_raw(folder / "raw" / "b.jsonl", 150, 180)
        succeeded(run_words(step.split(), folder))
    shutil.rmtree(folder / "made")
    _write_raw(folder / "more" / "c.jsonl", 180, 200)
    return folder


def _write_raw(path: Path, start: int, stop: int) -> None:
    sentences = draw(stop, seed=5)[start:]
    rows = [
        {"text": " ".join([*tokens, f"{number}"]), "label": label}
        for number, (tokens, label, _) in enumerate(sentences, start)
    ]
    bad = [{"text": "  ", "label": "기쁨"}, {"text": "모르는 라벨이 붙은 문장", "label": "심심"}]
    write_lines(path, [*rows, *bad])


def _write_corrections(path: Path) -> None:
    """One decision that is applied, and one that is taken back."""
    for number, (label, decision) in enumerate(
        [("심심", "map_label"), ("따분", "map_label"), ("따분", "undo")]
    ):
        at = datetime(2026, 11, 29, 12, number, tzinfo=UTC)
        to = "중립" if decision == "map_label" else None
        append_decision(
            path, Decision(source="table", raw_label=label, decision=decision, label=to, by="kim", at=at)
        )


def _write_config(path: Path, *inputs: str, **refresh: object) -> None:
    sections = {
        "tag": {"tagger": "whitespace"},
        "table": {"text_column": "text", "label_column": "label"},
        "write": {"shard_rows": 60},
        "refresh": {"inputs": [*inputs], "out": "place", "retries": 0, **refresh},
    }
    path.write_text(yaml.safe_dump(sections, allow_unicode=True), encoding="utf-8")


def copy(prepared: Path, target: Path) -> Path:
    """Replaces `target` by a copy of a prepared folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(prepared, target, symlinks=True, ignore=shutil.ignore_patterns("compiled"))
    (target / "cache" / "compiled").symlink_to(prepared / "cache" / "compiled")
    return target


def words_of(command: Command, folder: Path) -> list[str]:
    """The words of a command; OLD becomes the name of the version before the current one."""
    versions = {path.name for path in (folder / "place" / "versions").glob("*")}
    old = min(versions - {(folder / "place" / "current").resolve().name}, default="")
    return [old if word == "OLD" else word for word in command.words]


def environment_of(folder: Path) -> dict[str, str]:
    """The variables under which commands run there; what was tagged is kept in the folder."""
    return environment(ETL_CACHE_DIR=str(folder / "cache"))


def run(command: Command, folder: Path) -> Run:
    """Runs a command of the table in a copy of the prepared folder, in this process."""
    return run_words(words_of(command, folder), folder)


def run_words(words: list[str], folder: Path) -> Run:
    """Runs `etl` with these words in a folder, in this process."""
    folder.mkdir(exist_ok=True)
    return etl(*words, cwd=folder, env=environment_of(folder))


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    """The working folder and variables that commands have there, for calls in this process."""
    before = dict(os.environ)
    os.environ |= environment_of(folder)
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def contents(folder: Path) -> dict[str, str]:
    """What each file and link of a folder holds: a sha256, without the times at which something was done.

    Not of compiled code, which numba keeps in the cache.
    """
    return {
        name: _content_of(path, folder)
        for path in sorted(folder.rglob("*"))
        if not (name := path.relative_to(folder).as_posix()).startswith("cache/compiled")
        and (path.is_file() or path.is_symlink())
    }


def _content_of(path: Path, folder: Path) -> str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    if path.name.startswith("events.out."):  # of TensorBoard: each number has its moment
        return "events"
    try:
        content = path.read_bytes().replace(os.fsencode(folder), b".")
    except PermissionError:
        return "not readable"
    if path.name in _DATED_FILES:
        content = _DATED.sub(b"", content)
    return hashlib.sha256(content).hexdigest()


def written(command: Command, found: Mapping[str, str]) -> dict[str, str]:
    """Of `contents`, those that a command writes."""
    return {name: content for name, content in found.items() if is_written(command, name)}


def is_written(command: Command, name: str) -> bool:
    """Whether a file is one that a command writes."""
    patterns = [re.escape(each).replace(r"\*", "[^/]*") for each in command.writes]
    return any(re.match(f"{pattern}(?:/|$)", name) for pattern in patterns)
