"""Compares the Kotlin sources of `etl export --format android` with Okt's own library, on a JVM.

    python -m benchmarks.kotlin_okt [--environment .venv-kotlin] [--sentences N] [--rounds N]

Both tag the same real reviews one by one, in a fresh process each, in turn. `make test-kotlin` makes the
environment with the compiler.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import subprocess
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.kotlin_compiler import JAVA, compile_sources, find_jars
from benchmarks.nsmc_growth import REVIEWS, ROOT
from etl.dataset import preparation
from etl.models.export.android.files import PACK, SOURCES_FOLDER
from etl.models.export.pack.container import write_pack
from etl.models.export.pack.preparation import pack_preparation
from etl.runtime import console
from etl.settings import Settings

SIDES = {"library": "Okt's library", "okt": "Okt in Kotlin", "preparation": "the whole preparation in Kotlin"}
LIBRARY = ("open-korean-text-2.1.0.jar", "scala-library-2.12.3.jar", "twitter-text-1.14.7.jar")
_ENCODER = {"kind": "vocabulary", "unknown_id": 1, "padding_id": 0, "max_len": 40}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv-kotlin")
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    jars = find_jars(arguments.environment)
    if jars is None or not REVIEWS.exists():
        console.line("no Kotlin compiler (`make test-kotlin`), or no ../shared/data/nsmc: nothing to compare")
        return
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as name:
        folder = Path(name)
        classes = compile_sources(
            jars, [SOURCES_FOLDER, Path(__file__).parent / "kotlin"], folder / "classes", _library()
        )
        (folder / "texts").write_text("\n".join(_reviews(arguments.sentences)), encoding="utf-8")
        (folder / PACK).write_bytes(_pack())
        runs: dict[str, list[list[float]]] = {side: [] for side in SIDES}
        for _ in range(arguments.rounds):
            for side, own in runs.items():
                own.append(_run(classes, side, folder))
        _show(runs, arguments.sentences, folder)


def _library() -> list[Path]:
    spec = find_spec("konlpy")
    assert spec is not None and spec.origin is not None
    java = Path(spec.origin).parent / "java"
    return [java / "bin", *(java / name for name in LIBRARY)]


def _reviews(count: int) -> list[str]:
    with gzip.open(REVIEWS, "rt", encoding="utf-8") as lines:
        texts = (" ".join(str(json.loads(line)["review"]).split()) for line in lines)
        return list(dict.fromkeys(text for text in texts if text))[:count]


def _pack() -> bytes:
    packed = pack_preparation(preparation.of(Settings()), "java")
    config = {**packed.config, "format": 1, "labels": [], "thresholds": None, "encoder": _ENCODER}
    return write_pack(config, {**packed.tensors, "vocabulary": np.frombuffer(b"<pad>\n<unk>", np.uint8)})


def _run(classes: str, side: str, folder: Path) -> list[float]:
    command = [JAVA, "-XX:+UseSerialGC", "-cp", classes, "RatesKt", side, folder / "texts", folder / PACK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    measured: list[float] = json.loads(done.stdout)
    return measured


def _show(runs: dict[str, list[list[float]]], sentences: int, folder: Path) -> None:
    digests = {side: {run[3] for run in own} for side, own in runs.items()}
    if digests["library"] != digests["okt"]:
        raise SystemExit("the two do not give the same tokens")
    jars = sum(path.stat().st_size for path in _library()[1:])
    ours = (folder / PACK).stat().st_size + _jar_bytes(folder / "classes" / "emotion")
    sizes = {"library": jars, "okt": ours, "preparation": ours}
    rows = []
    for side, name in SIDES.items():
        opening, second_half, heap, _ = (median(column) for column in zip(*runs[side], strict=True))
        rate = (sentences - sentences // 2) / second_half
        rows.append([name, f"{sizes[side] / 1e6:.1f}", f"{opening:.2f}", f"{rate:,.0f}", f"{heap / 1e6:.0f}"])
    title = f"the second half of {sentences:,} reviews, median of {len(runs['okt'])} runs"
    console.table(title, ["", "MB", "seconds to the first answer", "sentences/s", "MB of heap"], rows)


def _jar_bytes(classes: Path) -> int:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as jar:
        for path in sorted(classes.rglob("*.class")):
            jar.write(path, path.relative_to(classes.parent))
    return len(content.getvalue())


if __name__ == "__main__":
    main()
