"""`etl cache`: what is kept between runs, and how to be rid of it."""

import hashlib
import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import polars as pl
import pytest
from support.run_etl import environment, etl, explained, succeeded

from etl.tagging.cache import open_cache


def facts(name: str, **options: Any) -> dict[str, Any]:
    fingerprint = hashlib.sha256(f"{name}{options}".encode()).hexdigest()
    return {"name": name, "version": f"{name} 1.2.3", "options": options, "fingerprint": fingerprint}


def keep(folder: Path, count: int, name: str, **options: Any) -> None:
    texts = pl.DataFrame({"text": [f"{number}번째 문장" for number in range(count)]})
    tokens = pl.col("text").str.split(" ")
    tagged = texts.with_columns(tokens=tokens, tags=pl.lit(["N", "N"]), problem=pl.lit(None, pl.String))
    with open_cache(folder, facts(name, **options)) as cache:
        cache.put(tagged)


def etl_cache(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return etl("cache", *arguments, env=environment(ETL_CACHE_DIR=str(folder), TZ="UTC"))


def document(folder: Path, *arguments: str) -> dict[str, Any]:
    run = succeeded(etl_cache(folder, *arguments, "--json"))
    assert run.stderr == ""
    shown: dict[str, Any] = json.loads(run.stdout)
    return shown


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache with two sorts of Okt, Kiwi, and the tables of something else."""
    keep(tmp_path, 1200, "okt", norm=True, stem=True)
    keep(tmp_path, 30, "okt", norm=True, stem=False)
    keep(tmp_path, 4, "kiwi")
    (tmp_path / "okt-tables").mkdir()
    (tmp_path / "okt-tables" / "words.bin").write_bytes(bytes(2_500_000))
    return tmp_path


def test_it_shows_what_is_kept_by_tagger_version_and_options(folder: Path) -> None:
    shown = succeeded(etl_cache(folder)).stdout
    assert shown.startswith(f"{folder}: 1,234 tagged sentences, ")
    rows = [re.split(r"\s*│\s*", line)[1:-1] for line in shown.splitlines() if line.startswith("│")]
    assert sorted(row[:4] for row in rows if len(row) == 6) == [
        ["kiwi", "kiwi 1.2.3", "-", "4"],
        ["okt", "okt 1.2.3", "norm True, stem False", "30"],
        ["okt", "okt 1.2.3", "norm True, stem True", "1,200"],
    ]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row[5]) for row in rows if len(row) == 6)
    assert ["okt-tables", "2.5 MB"] in rows


def test_a_hash_is_shown_as_far_as_it_tells_one_from_another(tmp_path: Path) -> None:
    keep(tmp_path, 4, "kiwi", around="a1" * 32)
    assert "around a1a1a1a1… " in succeeded(etl_cache(tmp_path)).stdout
    assert document(tmp_path)["tagged"][0]["facts"]["options"] == {"around": "a1" * 32}


def test_the_json_document_says_the_same(folder: Path) -> None:
    shown = document(folder)
    assert shown["folder"] == str(folder)
    assert sorted((each["tagger"], each["sentences"]) for each in shown["tagged"]) == [
        ("kiwi", 4),
        ("okt", 30),
        ("okt", 1200),
    ]
    [kiwi] = document(folder, "--tagger", "kiwi")["tagged"]
    assert kiwi["facts"] == facts("kiwi")
    assert kiwi["bytes"] == Path(kiwi["path"]).stat().st_size
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", kiwi["last_used"])
    assert shown["others"] == {"okt-tables": 2_500_000}


def test_an_empty_cache_is_no_error(tmp_path: Path) -> None:
    nothing = tmp_path / "not there yet"
    assert succeeded(etl_cache(nothing)).stdout == f"{nothing}: 0 tagged sentences, 0.0 MB\n"
    assert document(nothing, "clear") == {"folder": str(nothing), "removed": []}
    assert not nothing.exists()


def test_clear_removes_what_was_tagged_and_nothing_else(folder: Path) -> None:
    shown = succeeded(etl_cache(folder, "clear")).stdout
    assert shown.startswith("removed 1,234 tagged sentences, ")
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["words.bin"]


def test_clear_removes_one_tagger(folder: Path) -> None:
    assert len(document(folder, "clear", "--tagger", "okt")["removed"]) == 2
    assert [each["tagger"] for each in document(folder)["tagged"]] == ["kiwi"]


def test_clear_explains_that_a_run_uses_the_cache(folder: Path) -> None:
    with open_cache(folder, facts("kiwi")):
        text = explained(etl_cache(folder, "clear"), exit_code=5)
        assert text.startswith("another run uses the cache of kiwi\n")
        assert len(document(folder)["tagged"]) == 3
        succeeded(etl_cache(folder, "clear", "--tagger", "okt"))
    succeeded(etl_cache(folder, "clear"))
    assert document(folder)["tagged"] == []


def test_a_damaged_file_is_shown_as_such_and_cleared(folder: Path) -> None:
    [kiwi] = document(folder, "--tagger", "kiwi")["tagged"]
    Path(kiwi["path"]).write_bytes(b"nonsense " * 1000)
    assert "cannot be read" in succeeded(etl_cache(folder)).stdout
    assert document(folder, "--tagger", "kiwi")["tagged"][0]["sentences"] is None
    succeeded(etl_cache(folder, "clear"))
    assert document(folder)["tagged"] == []


def test_an_action_that_is_not_there_is_refused(folder: Path) -> None:
    run = etl_cache(folder, "empty")
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert len(document(folder)["tagged"]) == 3
