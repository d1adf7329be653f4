"""Reads a JSON file of 감성대화 into frames, against `json.load` and a loop into a DataFrame.

Both keep id, group, sentence, label and annotations; ours also detects the corpus, checks each dialogue
against its schema, and hashes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks import made_up
from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.report import Comparison, at_least_times, megabytes

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

DIALOGUES = 40_000
TIMES = 3.0
IMPORTS = {"etl": ("etl.ingestion.ingest", "polars", "yaml"), "json_load": ("pandas",)}
_DIALOGUES_PER_PROFILE = 5
_TURNS = ("HS01", "SS01", "HS02", "SS02", "HS03", "SS03")


def run(setup: Setup) -> Comparison:
    """Compares the two sides on one file."""
    sides = cases(setup)
    runs = compared(sides, setup)
    return Comparison(
        f"감성대화 JSON: {setup.size(DIALOGUES):,} dialogues, {megabytes(sides['etl'].source)}; "
        "json.load: and a loop into a pandas DataFrame",
        runs,
        [at_least_times(TIMES, runs["json.load"], runs["etl"])],
    )


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "dialogue.json", setup.size(DIALOGUES))
    return {"etl": Case(__name__, "etl", source), "json.load": Case(__name__, "json_load", source)}


def etl(source: str, out: str) -> list[pl.DataFrame]:  # noqa: ARG001 - a reader writes nothing
    from etl.ingestion.ingest import discover
    from etl.ingestion.sources.units import read_units
    from etl.settings import Settings

    found, account = discover([Path(source)], Settings())
    return list(read_units(found, Settings(), account))


def json_load(source: str, out: str) -> pd.DataFrame:  # noqa: ARG001
    import pandas as pd

    with Path(source).open(encoding="utf-8") as stream:
        dialogues = json.load(stream)
    rows = []
    for dialogue in dialogues:
        profile, talk = dialogue["profile"], dialogue["talk"]
        about = ";".join([*profile["persona"]["human"], *profile["emotion"]["situation"]])
        rows.append(
            (
                talk["id"]["talk-id"],
                talk["id"]["profile-id"],
                talk["content"]["HS01"],
                profile["emotion"]["type"],
                about,
            )
        )
    return pd.DataFrame(rows, columns=["id", "group", "sentence", "label", "annotations"])


def etl_rows(frames: list[pl.DataFrame]) -> Iterator[tuple[str, ...]]:
    for frame in frames:
        for row_id, *rest in frame.select("id", "group", "raw_text", "raw_label", "annotations").iter_rows():
            yield row_id.split(":")[2], *rest  # <slug>:<release>:<talk-id>:<turn>


def json_load_rows(frame: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    yield from frame.itertuples(index=False, name=None)


def make(target: str, count: int) -> None:
    with Path(target).open("w", encoding="utf-8") as stream:
        json.dump(list(_dialogues(count)), stream, ensure_ascii=False)


def _dialogues(count: int) -> Iterator[dict[str, Any]]:
    from etl.schema import resources

    codes = list(resources.load("schemas", "labels", "aihub-dialogue.yaml")["codes"])
    rng = Random(2)
    sentences = made_up.sentences(rng)
    for number in range(count):
        profile = f"Pro_{number // _DIALOGUES_PER_PROFILE:05d}"
        age, gender = f"A0{rng.randint(1, 4)}", f"G0{rng.randint(1, 2)}"
        code = rng.choice(codes)
        situation = [f"S{rng.randint(1, 13):02d}", f"D0{rng.randint(1, 2)}"]
        content = dict(zip(_TURNS, islice(sentences, len(_TURNS)), strict=True))
        if rng.random() < 1 / 4:
            content |= {"HS03": "", "SS03": ""}
        yield {
            "profile": {
                "persona-id": profile,
                "persona": {
                    "persona-id": f"{age}_{gender}_C01",
                    "human": [age, gender],
                    "computer": ["C01"],
                },
                "emotion": {
                    "emotion-id": "_".join([*situation, code]),
                    "type": code,
                    "situation": situation,
                },
            },
            "talk": {
                "id": {"profile-id": profile, "talk-id": f"{profile}_{number:05d}"},
                "content": content,
            },
        }
