from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from etl.dataset.manifest import describe_file
from etl.dataset.shard_file import partial_path
from etl.dataset.shard_plan import plan_shards, plan_stretches
from etl.dataset.shards import divide
from etl.dataset.write_shards import write_shards
from etl.errors import EtlError
from etl.runtime.engine.local import LocalEngine
from etl.runtime.engine.open import open_engine
from etl.schema import row, votes
from etl.settings import Write

SERIES = ("train", "validation", "test", "unlabelled", "rejects")
LAYOUT = Write(shard_rows=40, row_group_rows=15)


def make_rows(series: list[str]) -> pl.DataFrame:
    """Rows of all types of columns; each belongs to the series that is given for it."""
    numbers = range(len(series))
    words = [[f"낱말{number % 7}", f"말{number}"][: number % 3] for number in numbers]
    made = {
        "position": pl.Series(numbers, dtype=pl.Int64),
        "turn": pl.Series([1] * len(series), dtype=pl.Int64),
        "tokens": pl.Series(words, dtype=pl.List(pl.String)),
        "tags": pl.Series([["Noun"] * len(each) for each in words], dtype=pl.List(pl.String)),
        "label_votes": pl.Series(
            [None if n % 2 else [{"label": "기쁨", "weight": 1.0}] for n in numbers], dtype=votes.VOTES
        ),
        "split": pl.Series([None if each == "rejects" else each for each in series], dtype=pl.String),
        "reason": pl.Series(
            ["empty_text" if each == "rejects" else None for each in series], dtype=pl.String
        ),
        "corrected": pl.Series([None] * len(series), dtype=pl.String),
    }
    texts = pl.Series([f"{number}번째 문장이다. " * (number % 4) for number in numbers], dtype=pl.String)
    return pl.DataFrame({name: made.get(name, texts) for name in row.columns(is_reject=True)})


def cut(rows: pl.DataFrame, sizes: list[int]) -> list[dict[str, pl.DataFrame]]:
    batches = []
    for size in sizes:
        batches.append(divide(rows.head(size)))
        rows = rows.slice(size)
    return [*batches, divide(rows)]


def count(batches: list[dict[str, pl.DataFrame]]) -> list[dict[str, int]]:
    return [{series: part.height for series, part in parts.items()} for parts in batches]


def write_in_one_go(folder: Path, rows: pl.DataFrame) -> dict[str, bytes]:
    """The files of rows that come as one batch, and that have these rows."""
    parts = divide(rows)
    with TemporaryDirectory() as work:
        write_shards(folder, Path(work), count([parts]), [parts].__getitem__, LAYOUT)
    for name, part in parts.items():
        files = sorted(
            path for path in folder.rglob("*.parquet") if name in path.relative_to(folder).as_posix()
        )
        expected = part.select(row.columns(is_reject=name == "rejects"))
        assert_frame_equal(pl.concat(map(pl.read_parquet, files)), expected)
    return contents(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


mostly_train = st.lists(st.sampled_from(("train",) * 8 + SERIES), max_size=400)


@settings(max_examples=30)
@given(mostly_train, st.lists(st.integers(0, 90), max_size=40), st.booleans())
def test_any_cut_into_batches_gives_the_bytes_of_one_pass(
    series: list[str], sizes: list[int], is_threaded: bool
) -> None:
    rows = make_rows(series)
    batches = cut(rows, sizes)
    map_fn = LocalEngine(2).map if is_threaded else map
    with TemporaryDirectory() as scratch:
        one, many, work = (Path(scratch) / name for name in ("one", "many", "work"))
        one.mkdir()
        many.mkdir()
        expected = write_in_one_go(one, rows)
        files = write_shards(many, work, count(batches), batches.__getitem__, LAYOUT, map_fn)
        assert contents(many) == expected
        assert {name: describe_file(many / name, files[name].rows) for name in expected} == files
        assert list(files) == sorted(files)


@given(
    st.lists(st.dictionaries(st.sampled_from(SERIES), st.integers(0, 100)), max_size=60), st.integers(1, 60)
)
def test_a_plan_has_each_row_once_and_in_order(counts: list[dict[str, int]], shard_rows: int) -> None:
    shards = plan_shards(counts, shard_rows)
    for name in SERIES:
        planned = [
            (piece.batch, place)
            for shard in shards
            if shard.series == name
            for piece in shard.pieces
            for place in range(piece.start, piece.stop)
        ]
        assert planned == [
            (batch, place) for batch, each in enumerate(counts) for place in range(each.get(name, 0))
        ]
    if shards:
        stretches = plan_stretches(shards, counts)
        own = [number for each in stretches for number in range(each.start, each.start + each.n_own)]
        assert own == list(range(len(counts)))
        assert all(len(each.counts) - each.n_own in (0, 1) for each in stretches)


@pytest.fixture
def batches() -> list[dict[str, pl.DataFrame]]:
    series = [SERIES[number % 7] if number % 7 < 5 else "train" for number in range(900)]
    return cut(make_rows(series), [60] * 14)


def test_batches_are_read_once_but_where_two_stretches_meet(
    batches: list[dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    reads: Counter[int] = Counter()

    def read(batch: int) -> dict[str, pl.DataFrame]:
        reads[batch] += 1
        return batches[batch]

    write_shards(tmp_path, tmp_path / "work", count(batches), read, LAYOUT)
    counts = count(batches)
    stretches = plan_stretches(plan_shards(counts, LAYOUT.shard_rows), counts)
    assert len(stretches) > 1
    assert reads.total() <= len(batches) + len(stretches) - 1


@pytest.mark.parametrize("failing", [0, 7, 14])
def test_a_run_that_failed_goes_on_with_what_was_complete(
    batches: list[dict[str, pl.DataFrame]], tmp_path: Path, failing: int
) -> None:
    whole, folder, work = tmp_path / "whole", tmp_path / "folder", tmp_path / "work"
    whole.mkdir()
    folder.mkdir()
    counts = count(batches)
    expected = write_shards(whole, tmp_path / "other", counts, batches.__getitem__, LAYOUT)

    def fail(batch: int) -> dict[str, pl.DataFrame]:
        if batch == failing:
            raise OSError("the disk is gone")
        return batches[batch]

    with pytest.raises(OSError, match="the disk is gone"):
        write_shards(folder, work, counts, fail, LAYOUT)
    assert all(file.read_bytes() == (whole / name).read_bytes() for name, file in named(folder).items())
    reads: list[int] = []

    def read(batch: int) -> dict[str, pl.DataFrame]:
        reads.append(batch)
        return batches[batch]

    assert write_shards(folder, work, counts, read, LAYOUT) == expected
    assert contents(folder) == contents(whole)
    assert all(batch >= failing - 1 for batch in reads)


def test_what_a_killed_process_was_at_is_gone_once_another_has_done_its_task(
    batches: list[dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    counts, work = count(batches), tmp_path / "work"

    def map_after_a_kill(task: Any, items: Any) -> Iterator[Any]:
        for shard in ("data/train-00001-of-00003.parquet", "rejects/part-00000.parquet"):
            partial_path(tmp_path / shard).write_bytes(b"PAR1")
        return map(task, items)

    files = write_shards(tmp_path, work, counts, batches.__getitem__, LAYOUT, map_after_a_kill)
    assert {name for name in named(tmp_path) if not name.startswith("work/")} == set(files)


def named(folder: Path) -> dict[str, Path]:
    """All files of a dataset; a hidden one, which is a leftover, is among them and in no other."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink, lambda path: path.write_bytes(b"")])
@pytest.mark.parametrize(
    "pattern", ["data/train-00001*", "data/test*", "rejects/*", "work/aside*", "work/*.json"]
)
def test_what_was_damaged_meanwhile_is_written_again(
    batches: list[dict[str, pl.DataFrame]], tmp_path: Path, damage: Callable[[Path], None], pattern: str
) -> None:
    counts, work = count(batches), tmp_path / "work"
    expected = write_shards(tmp_path, work, counts, batches.__getitem__, LAYOUT)
    before = {name: (tmp_path / name).read_bytes() for name in expected}
    found = sorted(tmp_path.glob(pattern))
    damage(found[0])
    assert write_shards(tmp_path, work, counts, batches.__getitem__, LAYOUT) == expected
    assert {name: (tmp_path / name).read_bytes() for name in expected} == before


def test_another_layout_keeps_nothing(batches: list[dict[str, pl.DataFrame]], tmp_path: Path) -> None:
    counts, work = count(batches), tmp_path / "work"
    write_shards(tmp_path, work, counts, batches.__getitem__, LAYOUT)
    other = Write(shard_rows=40, row_group_rows=10)
    files = write_shards(tmp_path, work, counts, batches.__getitem__, other)
    (tmp_path / "fresh").mkdir()
    assert files == write_shards(tmp_path / "fresh", tmp_path / "none", counts, batches.__getitem__, other)


def test_rows_that_are_not_those_of_the_plan_are_refused(
    batches: list[dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    changed = {**batches[3], "train": batches[3]["train"].slice(1)}
    with pytest.raises(EtlError, match="the rows of batch 3 changed") as error:
        write_shards(tmp_path, tmp_path / "work", count(batches), [*batches[:3], changed].__getitem__, LAYOUT)
    assert "Next: " in str(error.value)
    assert not list((tmp_path / "data").glob(".*"))
    assert not list((tmp_path / "work").glob(".*"))


@pytest.mark.cluster
def test_tasks_of_a_cluster_write_the_same_bytes(
    batches: list[dict[str, pl.DataFrame]], tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    counts, store = count(batches), tmp_path / "store"
    store.mkdir()
    for number, parts in enumerate(batches):
        pl.concat(parts.values()).write_ipc(store / f"{number}.arrow", compression="uncompressed")

    def read(batch: int) -> dict[str, pl.DataFrame]:
        return divide(pl.read_ipc(store / f"{batch}.arrow"))

    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    expected = write_shards(here, tmp_path / "work here", counts, read, LAYOUT)
    with open_engine("ray", None, 2) as engine:
        assert write_shards(there, tmp_path / "work there", counts, read, LAYOUT, engine.map) == expected
    assert contents(there) == contents(here)


def test_without_rows_nothing_is_written(tmp_path: Path) -> None:
    assert write_shards(tmp_path, tmp_path / "work", [{}, {"train": 0}], [{}, {}].__getitem__, LAYOUT) == {}
    assert not any((tmp_path / "data").iterdir())
