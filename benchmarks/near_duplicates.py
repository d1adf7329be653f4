"""Searches near-duplicates among real reviews: ours, which is exact, against datasketch's MinHash LSH.

Both get the same distinct normalised texts and the same threshold, and both verify by true Jaccard, so no
pair is wrong; LSH misses some. How many is counted against brute force on a sample with many near pairs.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from random import Random
from statistics import median

from benchmarks import made_up
from benchmarks.measure import Case, Run, Setup, make_input, run_case, timed
from benchmarks.nsmc_growth import REVIEWS
from benchmarks.report import Comparison, Target, at_least_times

COUNT = 100_000
TIMES = 10.0
RECALL = 0.99
THRESHOLD = 0.8
PERMUTATIONS = 128
# Half of it reviews, half variations of them: pairs of all similarities around the threshold.
SAMPLE = 3_000
IMPORTS = {"etl": ("benchmarks.near_loaded",), "datasketch": ("datasketch",)}
Pairs = set[tuple[int, int]]


def run(setup: Setup) -> Comparison:
    """Times the two sides on one file, and counts what each misses of a sample."""
    sides = cases(setup)
    # A warm-up too: numba compiles once and keeps what it compiled.
    counts = {name: run_case(case, with_rows=True).rows["count"] for name, case in sides.items()}
    runs = timed(sides, setup)
    missed = recalls(sample(setup.size(SAMPLE)))
    texts = "reviews" if REVIEWS.exists() else "made-up sentences"
    return Comparison(
        f"Near-duplicates: {setup.size(COUNT):,} {texts}, Jaccard of character trigrams >= {THRESHOLD}; "
        f"datasketch: MinHashLSH, {PERMUTATIONS} permutations, candidates verified",
        runs,
        [at_least_times(TIMES, runs["datasketch"], runs["etl"]), _recall("etl", missed["etl"])],
        notes=[
            f"pairs found: {counts['etl']:,} by etl, {counts['datasketch']:,} by datasketch",
            f"recall on the sample: {missed['etl']:.4f} of etl, {missed['datasketch']:.4f} of datasketch",
            f"with imports and the loading of compiled code: {_process_ratio(runs):.1f}x",
        ],
    )


def _recall(name: str, recall: float) -> Target:
    what = f"recall of {name} against brute force"
    return Target(what, f"at least {RECALL}", f"{recall:.4f}", recall, recall >= RECALL)


def _process_ratio(runs: dict[str, list[Run]]) -> float:
    theirs, ours = (median(run.process_seconds for run in runs[name]) for name in ("datasketch", "etl"))
    return theirs / ours


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "normalised.txt", setup.size(COUNT))
    return {side: Case(__name__, side, source) for side in ("datasketch", "etl")}


def recalls(texts: list[str]) -> dict[str, float]:
    """Returns the share of the pairs of a brute-force search that each side finds."""
    expected = brute_force(texts)
    return {
        name: len(find(texts) & expected) / len(expected)
        for name, find in (("etl", etl_pairs), ("datasketch", datasketch_pairs))
    }


def sample(size: int) -> list[str]:
    """Returns distinct texts, half of them copies with some changed letters."""
    rng = Random(6)
    originals = list(islice(dict.fromkeys(text for text in _normalised() if len(text) >= 10), size // 2))
    letters = "".join(originals)
    varied = []
    for text in originals:
        changed = list(text)
        for _ in range(rng.randint(1, 3)):
            changed[rng.randrange(len(changed))] = rng.choice(letters)
        varied.append("".join(changed))
    return list(dict.fromkeys([*originals, *varied]))


def brute_force(texts: list[str]) -> Pairs:
    grams = [_trigrams(text) for text in texts]
    return {
        (one, other)
        for (one, these), (other, those) in combinations(enumerate(grams), 2)
        if _jaccard(these, those) >= THRESHOLD
    }


def etl(source: str, out: str) -> Pairs:  # noqa: ARG001 - nothing is written
    return etl_pairs(_read(source))


def etl_pairs(texts: list[str]) -> Pairs:
    import polars as pl

    from etl.similarity.pairs import near_duplicates

    frames = near_duplicates(pl.Series(texts, dtype=pl.String), THRESHOLD)
    return {
        (min(pair), max(pair)) for frame in frames for pair in frame.select("first", "second").iter_rows()
    }


def datasketch(source: str, out: str) -> Pairs:  # noqa: ARG001 - nothing is written
    return datasketch_pairs(_read(source))


def datasketch_pairs(texts: list[str]) -> Pairs:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    grams = [_trigrams(text) for text in texts]
    encoded = ([gram.encode() for gram in these] for these in grams)
    pairs = set()
    for number, minhash in enumerate(MinHash.generator(encoded, num_perm=PERMUTATIONS)):
        # Who comes later asks for who came before, so each pair is looked at once.
        pairs |= {
            (other, number)
            for other in index.query(minhash)
            if _jaccard(grams[other], grams[number]) >= THRESHOLD
        }
        index.insert(number, minhash, check_duplication=False)
    return pairs


def etl_rows(pairs: Pairs) -> list[tuple[int, int]]:
    return sorted(pairs)


datasketch_rows = etl_rows


def _trigrams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 3] for at in range(max(1, len(text) - 2)))


def _jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def _read(source: str) -> list[str]:
    return Path(source).read_text(encoding="utf-8").split("\n")


def make(target: str, count: int) -> None:
    texts = islice(dict.fromkeys(_normalised()), count)
    Path(target).write_text("\n".join(texts), encoding="utf-8")


def _normalised() -> Iterator[str]:
    """Yields the normalised text of each review, as ingest compares them."""
    import polars as pl

    from etl.text.normalise import normalised_key

    if REVIEWS.exists():
        with gzip.open(REVIEWS, "rt", encoding="utf-8") as stream:
            reviews = [json.loads(line)["review"] for line in stream]
    else:
        reviews = list(islice(made_up.sentences(Random(4)), 2 * COUNT))
    keys = pl.DataFrame({"text": reviews}).select(normalised_key(pl.col("text"))).to_series()
    yield from keys.drop_nulls().replace("", None).drop_nulls()
