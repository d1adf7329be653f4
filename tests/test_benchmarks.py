"""The benchmarks at a hundredth of their size: what they compare is the same work."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from benchmarks import (
    chats,
    dialogue_json,
    json_lines,
    measure,
    multimodal,
    near_duplicates,
    nsmc_growth,
    scale_rows,
    small_files,
    unknown_members,
    validate_growth,
    xlsx,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def setup(tmp_path_factory) -> measure.Setup:
    return measure.Setup(tmp_path_factory.mktemp("inputs"), rounds=1, scale=0.01)


@pytest.mark.parametrize(
    ("bench", "fewest"),
    [
        (xlsx, 400),
        (dialogue_json, 400),
        (multimodal, 10),
        (json_lines, 4_000),
        (chats, 900),
        (small_files, 150),
        (unknown_members, 1),
    ],
)
def test_both_sides_give_the_same_rows(bench: ModuleType, fewest: int, setup: measure.Setup) -> None:
    runs = measure.same_rows(bench.cases(setup))
    assert len(runs) >= 2
    assert all(run.rows["count"] >= fewest for run in runs.values())
    assert all(0 < run.work_seconds < run.process_seconds and run.peak_bytes > 0 for run in runs.values())


def test_sides_that_give_other_rows_are_not_compared(setup: measure.Setup) -> None:
    sides = xlsx.cases(setup)
    other = xlsx.cases(replace(setup, scale=0.005))
    with pytest.raises(ValueError, match="etl: 400, pandas: 200"):
        measure.same_rows({"etl": sides["etl"], "pandas": other["pandas"]})


def test_a_side_that_fails_is_not_timed(setup: measure.Setup) -> None:
    with pytest.raises(RuntimeError, match="etl failed"):
        measure.run_case(measure.Case(xlsx.__name__, "etl", setup.inputs / "missing.xlsx"))


def test_our_near_duplicates_are_those_of_brute_force() -> None:
    texts = near_duplicates.sample(300)
    expected = near_duplicates.brute_force(texts)
    assert len(expected) > 30
    assert near_duplicates.etl_pairs(texts) == expected
    assert near_duplicates.datasketch_pairs(texts) <= expected


def test_validating_is_measured_with_what_each_check_took(setup: measure.Setup) -> None:
    smaller, _ = validate_growth.cases(replace(setup, scale=0.001)).values()
    found = measure.run_case(smaller, with_rows=True)
    assert found.rows["count"] > 0
    seconds = json.loads(Path(f"{smaller.source}.seconds.json").read_text(encoding="utf-8"))
    assert {"contract", "near-duplicates", "leakage", "tokens"} <= {*seconds}
    assert max(seconds.values()) < found.process_seconds


def test_made_up_rows_follow_from_their_number_alone(tmp_path: Path) -> None:
    one, several, fewer = tmp_path / "one", tmp_path / "several", tmp_path / "fewer"
    scale_rows.make(str(one), 120_000, threads=1)
    scale_rows.make(str(several), 120_000, threads=3)
    scale_rows.make(str(fewer), 70_001, threads=2)
    assert several.read_bytes() == one.read_bytes()
    assert one.read_bytes().startswith(fewer.read_bytes())
    texts = pl.read_ndjson(fewer)["text"]
    assert len(texts) == 70_001
    assert 0.975 < texts.n_unique() / len(texts) < 0.985
    assert 33 < texts.str.len_chars().mean() < 37


def test_made_up_rows_are_copied_from_far_away() -> None:
    numbers = np.arange(99_990_000, 100_000_000, dtype=np.uint64)
    late = scale_rows.texts(numbers).to_pylist()
    copied, is_near = scale_rows.originals(numbers)
    far = copied + np.uint64(1_000_000) < numbers
    assert 250 < far.sum() < 350
    for text, number, has_more in zip(np.array(late)[far], copied[far], is_near[far], strict=True):
        [original] = scale_rows.texts(np.array([number])).to_pylist()
        assert (text.rpartition(" ")[0] if has_more else text) == original


def test_scale_compares_two_checkouts_by_what_progress_tells(setup: measure.Setup) -> None:
    command = [sys.executable, "-m", "benchmarks.scale", "2000", "--old", str(measure.ROOT)]
    shown = subprocess.run(
        [*command, "--folder", str(setup.inputs)],
        cwd=measure.ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert all(name in shown for name in ("old", "present", "ratio", "reading: s", "writing: s"))
    assert "counts by source, reason and split: the same" in shown


@pytest.mark.skipif(not nsmc_growth.REVIEWS.exists(), reason="../shared/data/nsmc is not here")
def test_growth_is_measured_on_real_reviews_and_written_as_json(setup: measure.Setup) -> None:
    figures = setup.inputs / "figures.json"
    command = [sys.executable, "-m", "benchmarks", "nsmc_growth", "--rounds", "1", "--scale", "0.01"]
    shown = subprocess.run(
        [*command, "--json", str(figures)], cwd=measure.ROOT, check=True, capture_output=True, text=True
    )
    assert "targets met" in shown.stdout.splitlines()[-1] or "missed" in shown.stdout.splitlines()[-1]
    found = json.loads(figures.read_text(encoding="utf-8"))["benchmarks"]["nsmc_growth"]
    assert list(found["runs"]) == ["750 reviews", "1,500 reviews", "3,000 reviews"]
    assert len(found["targets"]) == 2
