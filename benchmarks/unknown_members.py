"""Finds one corpus among the members of a zip that are none, against a listing that parses each of them.

Both open each member, which is JSON, and look at its keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Case, Setup, compared, make_input
from benchmarks.report import Comparison, at_most_times

MEMBERS = 100_000
TIMES = 5.0
IMPORTS = {"etl": ("etl.ingestion.ingest", "polars"), "listing": ("zipfile", "json")}
_KEYS = {"review", "rating", "movie_id"}


def run(setup: Setup) -> Comparison:
    """Compares the two sides on one archive."""
    runs = compared(cases(setup), setup)
    title = (
        f"{setup.size(MEMBERS):,} JSON members of a zip that are no corpus; listing: zipfile and json.loads"
    )
    return Comparison(title, runs, [at_most_times(TIMES, runs["listing"], runs["etl"])])


def cases(setup: Setup) -> dict[str, Case]:
    source = make_input(__name__, setup, "unknown.zip", setup.size(MEMBERS))
    return {"etl": Case(__name__, "etl", source), "listing": Case(__name__, "listing", source)}


def etl(source: str, out: str) -> list[str]:  # noqa: ARG001 - nothing is written
    from etl.ingestion.ingest import discover
    from etl.settings import load_settings

    found, _ = discover([Path(source)], load_settings())
    return [file.raw.member for files in found.values() for file in files]


def listing(source: str, out: str) -> list[str]:  # noqa: ARG001
    import json
    import zipfile

    with zipfile.ZipFile(source) as archive:
        parsed = ((name, json.loads(archive.read(name))) for name in archive.namelist())
        return [name for name, value in parsed if isinstance(value, list) and value[0].keys() >= _KEYS]


def etl_rows(names: list[str]) -> Iterator[tuple[str]]:
    return ((name,) for name in names)


listing_rows = etl_rows


def make(target: str, count: int) -> None:
    """Writes the archive: the raw reviews of one film, and members that hold something else."""
    import json
    import zipfile

    reviews = [
        {
            "review_id": str(number),
            "movie_id": "1",
            "author": "a",
            "review": f"{number}번째로 보았다",
            "rating": "9",
            "date": "17.01.01",
        }
        for number in range(20)
    ]
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("reviews/1.json", json.dumps(reviews, ensure_ascii=False))
        for number in range(count):
            archive.writestr(f"logs/{number}.json", json.dumps({"level": "info", "number": number}))
