"""Tags real sentences with hazards among them, and prints what came of it as one line of JSON.

PYTHONPATH=tests python -m support.tagging_torture komoran --sentences 20000 --hazards 200 --seconds 10
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from etl.settings import Tag
from etl.tagging.tagger import open_tagger
from support.hazards import descendants, many_hazards, mixed, real_sentences

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"


def torture(settings: Tag, sentences: list[str], hazards: list[str], workers: int) -> dict[str, Any]:
    """Counts of what became of each; `lost` and `wrongly_marked` should be 0, `left_over` empty."""
    texts = mixed(sentences, hazards)
    started = time.monotonic()
    with open_tagger(settings, workers, is_cached=False) as tagger:
        frame = tagger(pl.Series("text", texts))
        seconds = time.monotonic() - started
    seconds_to_end = time.monotonic() - started - seconds
    is_hazard = frame["text"].is_in(hazards)
    has_tokens = frame["tokens"].list.len() > 0
    is_marked = frame["problem"].is_not_null()
    wrong = frame.filter(~is_hazard & (is_marked | ~has_tokens))
    return {
        "tagger": settings.tagger,
        "sentences": len(sentences),
        "hazards": len(hazards),
        "lost": 0 if frame["text"].to_list() == texts else len(texts) - frame.height,
        "sentences_tagged": int((~is_hazard & ~is_marked & has_tokens).sum()),
        "sentences_marked": wrong.select("text", "problem", "found").to_dicts(),
        "hazards_tagged": int((is_hazard & ~is_marked & has_tokens).sum()),
        "hazards_without_tokens": int((is_hazard & ~is_marked & ~has_tokens).sum()),
        "hazards_marked": dict(sorted(Counter(frame.filter(is_hazard)["problem"].drop_nulls()).items())),
        "seconds": round(seconds, 1),
        "seconds_to_end": round(seconds_to_end, 2),
        "workers": workers,
        "left_over": len(multiprocessing.active_children()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tagger")
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--hazards", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=int, default=Tag().seconds)
    chosen = parser.parse_args()
    sentences = real_sentences(SHARED.joinpath, chosen.sentences)
    hazards = many_hazards(chosen.hazards)
    settings = Tag(tagger=chosen.tagger, seconds=chosen.seconds)
    outcome = torture(settings, sentences, hazards, chosen.workers)
    sys.stdout.write(json.dumps(outcome, ensure_ascii=False) + "\n")
    # The resource tracker of multiprocessing ends with this process.
    assert len(descendants(os.getpid())) <= 1


if __name__ == "__main__":
    main()
