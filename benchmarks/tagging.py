"""Tags real reviews: ours against KoNLPy, or the tagger's own package, in a plain loop.

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

ALL, FEW, CHECKED = 290_000, 10_000, 2_000  # the file has some 292,000 distinct reviews
PLAIN = {"okt": 85_000, "komoran": 240_000, "mecab": 290_000, "kiwi": 250_000}
# How many times as many sentences a second: on one core, on two, and of few with all that starting costs.
ONE_CORE = {"komoran": 6, "mecab": 4}
TWO_CORES = {"okt": 41, "komoran": 6, "mecab": 4, "kiwi": 1.8}
WITH_START = {"okt": 25, "komoran": 3, "mecab": 3, "kiwi": 1.7}
WARM_TIMES = 60
NATIVE = ("okt", "komoran", "mecab")
MOST_MB = {"komoran": 600, "mecab": 600}
_BATCH, _WORKERS = 20_000, 2
_OURS = ("numpy", "polars", "pyarrow", "etl.tagging.tagger", "etl.runtime.engine.local")
_SIDES = ("cold", "one", "warm", "first")
IMPORTS = {
    **{f"{name}_plain": ("polars", "etl.tagging.taggers") for name in PLAIN},
    **{f"{name}_{side}": _OURS for name in PLAIN for side in _SIDES},
}


def run(setup: Setup) -> Comparison:
    """Checks on a few sentences that both sides give the same, then times them."""
    title = f"Tagging: {setup.size(ALL):,} real reviews against a plain loop"
    if not REVIEWS.exists():
        return Comparison(title, skipped="../shared/data/nsmc is not here")
    texts = partial(make_input, __name__, setup, "texts.parquet")
    for name in PLAIN:
        same_rows({side: Case(__name__, f"{name}_{side}", texts(CHECKED)) for side in ("plain", "cold")})
    cases = {}
    for name, count in PLAIN.items():
        part = texts(setup.size(count))
        cases[f"{name}, plain loop"] = Case(__name__, f"{name}_plain", part)
        if name in ONE_CORE:
            cases[f"{name}, one worker"] = Case(__name__, f"{name}_one", part)
        whole = texts(setup.size(ALL)) if name == "okt" else part
        cases[f"{name}, two workers"] = Case(__name__, f"{name}_cold", whole)
        cases[f"{name}, plain loop, {FEW:,}"] = Case(__name__, f"{name}_plain", texts(FEW))
        cases[f"{name}, two workers, {FEW:,}"] = Case(__name__, f"{name}_cold", texts(FEW))
    cases["okt, tagged before"] = Case(__name__, "okt_warm", texts(setup.size(ALL)))
    cases.update(
        {f"{name}, nothing made yet": Case(__name__, f"{name}_first", texts(FEW)) for name in NATIVE}
    )
    runs = timed(cases, replace(setup, rounds=1))
    counts = {name: int(case.source.name.split("-")[0]) for name, case in cases.items()}
    rates = {name: count / runs[name][0].work_seconds for name, count in counts.items()}
    notes = [f"{name}: {counts[name]:,} sentences, {rate:,.0f}/s" for name, rate in rates.items()]
    return Comparison(title, runs, _targets(rates, runs), notes)


def _targets(rates: dict[str, float], runs: dict[str, list[Run]]) -> list[Target]:
    """Rates, each with what opens the tagger; of few sentences that is most of the time."""
    asked = [(f"{name}, one worker", name, times) for name, times in ONE_CORE.items()]
    asked += [(f"{name}, two workers", name, times) for name, times in TWO_CORES.items()]
    asked.append(("okt, tagged before", "okt", WARM_TIMES))
    targets = [
        _at_least(f"rate: {ours} / plain loop", rates[ours] / rates[f"{name}, plain loop"], times)
        for ours, name, times in asked
    ]
    for name, times in WITH_START.items():
        plain, ours = (
            runs[f"{name}, {side}, {FEW:,}"][0].work_seconds for side in ("plain loop", "two workers")
        )
        targets.append(_at_least(f"rate of {FEW:,} sentences: {name} / plain loop", plain / ours, times))
    for name, most_mb in MOST_MB.items():
        peak = runs[f"{name}, two workers"][0].tree_peak_bytes / 1_000_000
        what = f"memory: {name}, two workers"
        targets.append(Target(what, f"below {most_mb:,} MB", f"{peak:,.0f} MB", peak, peak < most_mb))
    return targets


def _at_least(what: str, ratio: float, times: float) -> Target:
    return Target(what, f"at least {times:g}×", f"{ratio:.1f}×", ratio, ratio >= times)


def plain(name: str, source: str, _: str) -> list[list[tuple[str, str]]]:
    """Runs the usual loop. The JVM has our options, which make it faster than those of KoNLPy."""
    from etl.settings import Tag
    from etl.tagging import taggers

    tag = taggers.load(Tag(tagger=name))  # type: ignore[arg-type]
    return [tag(text) for text in _texts(source)]


def ours(
    name: str, tidy: Callable[[Path], None], source: str, out: str, workers: int = _WORKERS
) -> pl.DataFrame:
    """Tags batches on as many threads as there are workers, as `etl ingest` does."""
    import polars as pl

    from etl.runtime.engine.local import ordered_map
    from etl.settings import Tag
    from etl.tagging.tagger import open_tagger

    # One for each tagger: clearing what one of them has tagged must not make another's warm run cold.
    folder = Path(out) if tidy is _nothing_made else Path(source).parent / f"cache-{name}"
    os.environ["ETL_CACHE_DIR"] = str(folder)
    tidy(folder)
    with open_tagger(Tag(tagger=name), workers) as tagger:  # type: ignore[arg-type]
        batches = _texts(source).to_frame("text").iter_slices(_BATCH)
        return pl.concat(ordered_map(lambda batch: tagger.tag_whole(batch["text"]), batches, workers))


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


okt_first, komoran_first, mecab_first = (partial(ours, name, _nothing_made) for name in NATIVE)
okt_warm = partial(ours, "okt", _all_tagged)
okt_plain, komoran_plain, mecab_plain, kiwi_plain = (partial(plain, name) for name in PLAIN)
okt_cold, komoran_cold, mecab_cold, kiwi_cold = (partial(ours, name, _nothing_tagged) for name in PLAIN)
komoran_one, mecab_one = (partial(ours, name, _nothing_tagged, workers=1) for name in ONE_CORE)
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
