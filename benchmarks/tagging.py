"""Tags real reviews: ours with two workers against KoNLPy, or the tagger's own package, in a plain loop.

A plain loop gets as many sentences as it tags in some two minutes, so what is compared are rates. One
round, as the loops take minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import Case, Run, Setup, make_input, same_rows, timed
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target

if TYPE_CHECKING:
    import polars as pl

ALL, CHECKED = 290_000, 2_000  # the file has some 292,000 distinct reviews
PLAIN = {"okt": 85_000, "komoran": 240_000, "mecab": 290_000, "kiwi": 250_000}
COLD_TIMES, WARM_TIMES, OTHERS_TIMES = 4, 60, 1.8
TREE_MB = 3000
OTHERS = ("komoran", "mecab", "kiwi")
_BATCH, _WORKERS = 20_000, 2
_OURS = ("numpy", "polars", "pyarrow", "etl.tagging.tagger", "etl.runtime.engine.local")
IMPORTS = {
    **{f"{name}_plain": ("polars", "etl.tagging.taggers") for name in ("okt", *OTHERS)},
    **dict.fromkeys(["okt_cold", "okt_warm", "okt_first", *(f"{name}_cold" for name in OTHERS)], _OURS),
}


def run(setup: Setup) -> Comparison:
    """Checks on a few sentences that both sides give the same, then times them."""
    title = f"Tagging: {setup.size(ALL):,} real reviews, {_WORKERS} workers, against a plain loop"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    texts = partial(make_input, __name__, setup, "texts.parquet")
    whole, few = texts(setup.size(ALL)), texts(CHECKED)
    for name in PLAIN:
        same_rows({side: Case(__name__, f"{name}_{side}", few) for side in ("plain", "cold")})
    cases = {}
    for name, count in PLAIN.items():
        part = texts(setup.size(count))
        cases[f"{name}, plain loop"] = Case(__name__, f"{name}_plain", part)
        cases[f"{name}, cold"] = Case(__name__, f"{name}_cold", whole if name == "okt" else part)
    cases["okt, warm"] = Case(__name__, "okt_warm", whole)
    cases["okt, nothing made yet"] = Case(__name__, "okt_first", whole)
    runs = timed(cases, replace(setup, rounds=1))
    counts = {name: int(case.source.name.split("-")[0]) for name, case in cases.items()}
    rates = {name: count / runs[name][0].work_seconds for name, count in counts.items()}
    notes = [f"{name}: {counts[name]:,} sentences, {rate:,.0f}/s" for name, rate in rates.items()]
    return Comparison(title, runs, _targets(rates, runs), notes)


def _targets(rates: dict[str, float], runs: dict[str, list[Run]]) -> list[Target]:
    pairs = [("okt", "okt, cold", COLD_TIMES), ("okt", "okt, warm", WARM_TIMES)]
    pairs += [(name, f"{name}, cold", OTHERS_TIMES) for name in OTHERS]
    targets = []
    for name, ours, times in pairs:
        ratio = rates[ours] / rates[f"{name}, plain loop"]
        what = f"rate: {ours} / plain loop"
        targets.append(Target(what, f"at least {times:g}×", f"{ratio:.1f}×", ratio, ratio >= times))
    peak = max(run.tree_peak_bytes for each in runs.values() for run in each) / 1_000_000
    what = "memory: peak of all processes together"
    return [*targets, Target(what, f"below {TREE_MB:,} MB", f"{peak:,.0f} MB", peak, peak < TREE_MB)]


def plain(name: str, source: str, _: str) -> list[list[tuple[str, str]]]:
    """Runs the usual loop. The JVM has our options, which make it faster than those of KoNLPy."""
    from etl.settings import Tag
    from etl.tagging import taggers

    tag = taggers.load(Tag(tagger=name))  # type: ignore[arg-type]
    return [tag(text) for text in _texts(source)]


def ours(name: str, tidy: Callable[[Path], None], source: str, out: str) -> pl.DataFrame:
    """Tags batches on as many threads as there are workers, as `etl ingest` does."""
    import polars as pl

    from etl.runtime.engine.local import ordered_map
    from etl.settings import Tag
    from etl.tagging.tagger import open_tagger

    # One for each tagger: clearing what one of them has tagged must not make another's warm run cold.
    folder = Path(out) if tidy is _nothing_made else Path(source).parent / f"cache-{name}"
    os.environ["ETL_CACHE_DIR"] = str(folder)
    tidy(folder)
    with open_tagger(Tag(tagger=name), _WORKERS) as tagger:  # type: ignore[arg-type]
        batches = _texts(source).to_frame("text").iter_slices(_BATCH)
        return pl.concat(ordered_map(lambda batch: tagger.tag_whole(batch["text"]), batches, _WORKERS))


def _nothing_made(folder: Path) -> None:
    """Tags with an empty cache folder: Okt's dictionaries are extracted and its code is compiled."""


def _nothing_tagged(folder: Path) -> None:
    from etl.tagging import cache

    cache.clear(folder)  # the dictionaries stay: what this first run makes lasts


def _all_tagged(folder: Path) -> None:
    """Tags with the cache folder that the cold run left."""


def _texts(source: str) -> pl.Series:
    import polars as pl

    return pl.read_parquet(source)["text"]


def plain_rows(answers: list[list[tuple[str, str]]]) -> Iterator[tuple[Any, ...]]:
    return (tuple(answer) for answer in answers)


def ours_rows(frame: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    return (tuple(zip(*row, strict=True)) for row in frame.select("tokens", "tags").iter_rows())


okt_first = partial(ours, "okt", _nothing_made)
okt_warm = partial(ours, "okt", _all_tagged)
okt_plain, komoran_plain, mecab_plain, kiwi_plain = (partial(plain, name) for name in ("okt", *OTHERS))
okt_cold, komoran_cold, mecab_cold, kiwi_cold = (
    partial(ours, name, _nothing_tagged) for name in ("okt", *OTHERS)
)
okt_plain_rows = komoran_plain_rows = mecab_plain_rows = kiwi_plain_rows = plain_rows
okt_cold_rows = komoran_cold_rows = mecab_cold_rows = kiwi_cold_rows = ours_rows


def make(target: str, count: int) -> None:
    """Writes distinct reviews, unchanged and in their order."""
    import gzip
    import json
    from itertools import islice

    import polars as pl

    with gzip.open(REVIEWS, "rt", encoding="utf-8") as reviews:
        texts = dict.fromkeys(json.loads(line)["review"] for line in reviews)
    texts = [text for text in texts if text.strip()]
    pl.DataFrame({"text": list(islice(texts, count))}).write_parquet(target)
