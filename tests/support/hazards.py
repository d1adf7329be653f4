"""Inputs that have hung a tagger or ended its process, sentences to mix them with, and who is left."""

import csv
import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path

BLANK = ["", "   ", "\n", "\t \n", "\r\n", "\u2028"]
# Blank too, but not to `str.strip`: what a tagger makes of them is its own affair.
UNSEEN = ["\u200b", "\ufeff", "\u115f", "\u1160", "\u3164", "\u2800", "\u3164\u3164 \u200b"]
EMOJI = ["😀😀", "좋아 😀 정말", "👨\u200d👩\u200d👧"]
REPEATS = [
    "가" * 5000,
    "ㄷ" * 30,
    "황시욬" * 10,
    "ㅋ" * 2000,
    "가 " * 3000,
    "a" * 5000,
    "." * 5000,
    "나" * 60,
]
ODD = [
    "\x00",
    "가\x00나",
    "/",
    "//",
    "가/나+다",
    "\ufffd",
    "\ue000",
    "\uffff",
    "\U0001f468\u200d",
    "((" * 500,
]
HAZARDS = [*BLANK, *UNSEEN, *EMOJI, *REPEATS, *ODD]
SURROGATE = "\ud83d"  # no series of polars can hold it; a list of texts can


def many_hazards(count: int) -> list[str]:
    """As many hazards, no two of them equal: the later ones are longer."""
    kinds = [hazard for hazard in HAZARDS if hazard]
    return [
        kinds[number % len(kinds)] + kinds[number % len(kinds)][-1] * (number // len(kinds))
        for number in range(count)
    ]


def real_sentences(folder: Callable[[str], Path], count: int) -> list[str]:
    """Distinct comments, questions and reviews as they were written, in an order of chance."""
    with (folder("kote") / "val.tsv").open(encoding="utf-8") as lines:
        texts = [line.split("\t")[1] for line in lines]
    with (folder("chatbot") / "ChatbotData.csv").open(encoding="utf-8", newline="") as rows:
        texts += [text for row in csv.DictReader(rows) for text in (row["Q"], row["A"])]
    with gzip.open(folder("nsmc") / "reviews-300k.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts += [json.loads(line)["review"] for line, _ in zip(lines, range(20_000), strict=False)]
    distinct = list(dict.fromkeys(text for text in texts if text.strip() and text not in HAZARDS))
    return random.Random(3).sample(distinct, count)


def mixed(sentences: list[str], hazards: list[str]) -> list[str]:
    """The hazards at random places between the sentences."""
    chance, texts = random.Random(11), list(sentences)
    for hazard in hazards:
        texts.insert(chance.randint(0, len(texts)), hazard)
    return texts


def descendants(pid: int) -> set[int]:
    """The processes below one, as Linux tells; zombies have ended."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    found: set[int] = set()
    level = {pid}
    while level := {child for child, parent in parents.items() if parent in level}:
        found |= level
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
