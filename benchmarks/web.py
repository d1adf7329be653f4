"""Measures what `etl export --format web` writes: `python -m benchmarks.web MODEL`, of okt on reviews.

Sizes; the time from opening the page to its first answer, and sentences one by one, in headless Chromium; and
Okt in Node on one thread beside KoNLPy's plain loop, on the same distinct reviews, turn about.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.nsmc_growth import REVIEWS
from etl.models.export.export import export
from etl.models.export.web.engine import find_browser, find_engine, write_page
from etl.runtime import console

ONE_BY_ONE, OPENINGS = 300, 7
NODE, PLAIN, ROUNDS = 30_000, 1_500, 3
_CLOCK = """
new MutationObserver(() => {
  if (document.querySelector(".label")) window.answeredAt ??= performance.now();
}).observe(document, { subtree: true, childList: true });
addEventListener("DOMContentLoaded", () => { document.getElementById("text").value = TEXT; });
"""
_LOOP = """
const times = [];
for (const texts of TEXTS) {
  const start = performance.now();
  for (const text of texts) classify(text);
  times.push(performance.now() - start);
}
document.getElementById("answers").textContent = JSON.stringify(times);
"""


def main() -> None:
    """Prints three tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--dataset", type=Path, help="that of the model, if it is not beside it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as folder:
        show_sizes(arguments.model, arguments.dataset, Path(folder))
        show_page(Path(folder) / "page", Path(folder) / "int8")
        show_okt(Path(folder) / "int8")


def show_sizes(model: Path, dataset: Path | None, folder: Path) -> None:
    """Exports a model each way, and shows the sizes and what was measured of it."""
    ways: dict[str, dict[str, Any]] = {
        "int8": {"int8": True},
        "float32": {"int8": False},
        "page": {"int8": True, "is_single_file": True},
    }
    rows = []
    for name, options in ways.items():
        done = export(model, "web", folder / name, dataset=dataset, **options)
        files = [path for path in done.folder.iterdir() if path.name != "vectors.jsonl"]
        sizes = [sum(len(content) for content in map(change, files)) for change in (_read, _zip)]
        lost = done.metadata.int8
        parity = done.metadata.parity
        rounded = (
            [lost.differing_predictions, f"{lost.model_macro_f1:.4f} / {lost.int8_macro_f1:.4f}"]
            if lost
            else []
        )
        median = f"{done.metadata.latency.median_ms:.3f}"
        megabytes = [f"{size / 1e6:.2f}" for size in sizes]
        rows.append([name, *megabytes, median, f"{parity.largest_difference:.1e}", *(rounded or ["–", "–"])])
    header = ["export", "MB", "gzipped", "ms", "float32 differs by", "int8: other labels", "macro-F1"]
    console.table(f"{model.name}: sizes", header, rows)


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _zip(path: Path) -> bytes:
    return gzip.compress(path.read_bytes())


def show_page(single: Path, folder: Path) -> None:
    """Opens the page again and again, and classifies reviews one by one."""
    from playwright.sync_api import sync_playwright

    texts = list(islice(_reviews(), 3 * ONE_BY_ONE))
    parts = [texts[start : start + ONE_BY_ONE] for start in range(0, len(texts), ONE_BY_ONE)]
    with sync_playwright() as driver, tempfile.TemporaryDirectory() as scratch:
        browser = driver.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        opened = {name: [] for name in ("one file", "folder")}
        for _ in range(OPENINGS):
            for name, place in (("one file", single), ("folder", folder)):
                context = browser.new_context()
                tab = context.new_page()
                tab.add_init_script(_CLOCK.replace("TEXT", json.dumps(max(parts[0], key=len))))
                tab.goto((place / "index.html").as_uri())
                tab.locator(".label").wait_for()
                opened[name].append(tab.evaluate("answeredAt") / 1000)
                context.close()
        rows = []
        for _ in range(OPENINGS):
            tab = browser.new_page()
            script = _LOOP.replace("TEXTS", json.dumps(parts).replace("<", "\\u003c"))
            page = write_page(folder, Path(scratch), script)
            tab.goto(page.as_uri())
            tab.wait_for_function("document.getElementById('answers').textContent")
            times = json.loads(tab.locator("#answers").text_content() or "[]")
            rows.append([1000 * ONE_BY_ONE / each for each in times])
            tab.close()
        browser.close()
    console.table(
        "page: seconds from opening to the first answer",
        ["", "median", "least", "most"],
        [[name, *_spread(times, "{:.2f}")] for name, times in opened.items()],
    )
    console.table(
        f"page: sentences/s, {ONE_BY_ONE} distinct reviews one by one",
        ["", "median", "least", "most"],
        [
            [f"the {name} {ONE_BY_ONE}", *_spread(rates, "{:,.0f}")]
            for name, rates in zip(("first", "second", "third"), zip(*rows, strict=True), strict=True)
        ],
    )


def _spread(values: Sequence[float], form: str) -> list[str]:
    return [form.format(value) for value in (statistics.median(values), min(values), max(values))]


def show_okt(folder: Path) -> None:
    """Cleans, tags and encodes distinct reviews in Node, beside KoNLPy's loop, which only tags."""
    texts = list(islice(_reviews(), NODE))
    engine = find_engine()
    rates: dict[str, list[float]] = {"Node": [], "KoNLPy": []}
    script = (
        f"import {{ encode }} from {json.dumps((folder / 'classifier.js').as_uri())};\n"
        'import { readFileSync } from "node:fs";\n'
        'const texts = JSON.parse(readFileSync(0, "utf8"));\n'
        "const start = performance.now();\n"
        "for (const text of texts) encode(text);\n"
        "console.log((1000 * texts.length) / (performance.now() - start));\n"
    )
    for _ in range(ROUNDS):
        command = [engine.program, "--input-type=module", "--eval", script]
        rates["Node"].append(float(_run(command, json.dumps(texts))))
        plain = [sys.executable, "-m", "benchmarks.web_plain"]
        rates["KoNLPy"].append(float(_run(plain, json.dumps(texts[:PLAIN]))))
    rows = [[name, *_spread(each, "{:,.0f}")] for name, each in rates.items()]
    times = statistics.median(rates["Node"]) / statistics.median(rates["KoNLPy"])
    console.table("Okt: distinct reviews/s on one thread", ["", "median", "least", "most"], rows)
    console.line(f"Node / KoNLPy: {times:.1f} times, {engine.name}")


def _run(command: list[str], given: str) -> str:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


def _reviews() -> list[str]:
    """The distinct reviews, in their order."""
    with gzip.open(REVIEWS, "rt", encoding="utf-8") as lines:
        return list(dict.fromkeys(re.sub(r"\s+", " ", json.loads(line)["review"]).strip() for line in lines))


if __name__ == "__main__":
    main()
