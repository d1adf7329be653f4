"""The index against brute force: the same pairs whatever the memory, the parts and the additions."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import LockError
from etl.similarity.index import columns, entries, state
from etl.similarity.index.columns import DamagedError
from etl.similarity.index.near_index import NearIndex, open_index

Directed = dict[tuple[str, str], float]
TRAIN, EVALUATION = 1, 2
# Few letters, so that much is alike; a letter of one, two, three and four bytes each.
TEXT = st.one_of(
    st.text("ab한é😀", min_size=1, max_size=12),
    st.builds(
        lambda unit, times, end: unit * times + end,
        st.text("ab한😀", min_size=1, max_size=3),
        st.integers(1, 60),
        st.text("ab😀", max_size=2),
    ),
)
MEMBERS = st.lists(st.tuples(TEXT, st.integers(1, 3)), max_size=25)
THRESHOLDS = st.one_of(st.sampled_from([1e-9, 0.01, 0.3, 0.5, 0.75, 0.8, 1.0]), st.floats(0.001, 1.0))
MEMORY = st.sampled_from([1000, 20_000, 10**8])


def trigrams(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 3] for at in range(max(1, len(text) - 2)))


def similarity(one: str, other: str) -> float:
    common = len(trigrams(one) & trigrams(other))
    return common / (len(trigrams(one)) + len(trigrams(other)) - common)


def brute_force(members: Iterable[tuple[str, int]], threshold: float) -> Directed:
    sides: dict[str, int] = {}
    for text, side in members:
        sides[text] = sides.get(text, 0) | side
    return {
        (train, other): alike
        for train in sides
        for other in sides
        if train != other and sides[train] & TRAIN and sides[other] & EVALUATION
        if (alike := similarity(train, other)) >= threshold
    }


def key(text: str) -> tuple[int, int]:
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")


def to_frame(members: Sequence[tuple[str, int]]) -> pl.DataFrame:
    rows = [(*key(text), side, text) for text, side in members]
    schema = {"key_high": pl.UInt64, "key_low": pl.UInt64, "side": pl.UInt8, "text": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def add(index: NearIndex, members: Sequence[tuple[str, int]], n_parts: int = 1) -> None:
    """Adds texts in parts; equal ones are in the same."""
    parts = [[member for member in members if key(member[0])[0] % n_parts == part] for part in range(n_parts)]
    index.add([to_frame(part) for part in parts], lambda part: part)


def found(index: NearIndex, texts: Iterable[str]) -> Directed:
    known = {key(text): text for text in texts}
    pairs: Directed = {}
    for frame in index.pairs():
        for train_high, train_low, other_high, other_low, alike in frame.iter_rows():
            pair = known[train_high, train_low], known[other_high, other_low]
            assert pair not in pairs, "a pair is found once"
            pairs[pair] = alike
    return pairs


@settings(max_examples=70)
@given(MEMBERS, THRESHOLDS, MEMORY, st.integers(1, 4), st.integers(1, 3))
def test_the_pairs_are_those_of_a_brute_force_search(
    members: list[tuple[str, int]], threshold: float, memory: int, n_parts: int, threads: int
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_index(Path(folder), threshold, memory=memory, threads=threads) as index,
    ):
        add(index, members, n_parts)
        assert found(index, [text for text, _ in members]) == brute_force(members, threshold)


@settings(max_examples=40)
@given(MEMBERS, THRESHOLDS, MEMORY, st.lists(st.integers(0, 25), max_size=4), st.integers(1, 3))
def test_texts_may_be_added_in_any_number_of_runs(
    members: list[tuple[str, int]], threshold: float, memory: int, cuts: list[int], n_parts: int
) -> None:
    bounds = [0, *sorted(cuts), len(members)]
    with tempfile.TemporaryDirectory() as folder:
        for begin, end in pairwise(bounds):
            with open_index(Path(folder), threshold, memory=memory) as index:
                add(index, members[begin:end], n_parts)
                add(index, members[begin:end], 1)
                index.save()
                seen = [text for text, _ in members[:end]]
                assert found(index, seen) == brute_force(members[:end], threshold)


@settings(max_examples=40)
@given(st.lists(TEXT, unique=True, max_size=20), THRESHOLDS, MEMORY, st.randoms(use_true_random=False))
def test_any_groups_may_be_compared(texts: list[str], threshold: float, memory: int, rng: Random) -> None:
    groups = {text: rng.randrange(4) for text in texts}
    compare = [(0, 0), (0, 2), (3, 1)]
    with (
        tempfile.TemporaryDirectory() as folder,
        open_index(Path(folder), threshold, memory=memory, compare=compare) as index,
    ):
        for part in (texts[::2], texts[1::2]):
            add(index, [(text, 1 << groups[text]) for text in part])
        pairs = found(index, texts)
    expected = {
        (one, other)
        for one in texts
        for other in texts
        if one != other and (groups[one], groups[other]) in compare and similarity(one, other) >= threshold
    }
    within = {pair for pair in expected if groups[pair[0]] == groups[pair[1]] == 0}
    assert {pair for pair in pairs if pair not in within} == expected - within
    assert {frozenset(pair) for pair in pairs if pair in within} == {frozenset(pair) for pair in within}
    assert len({frozenset(pair) for pair in pairs}) == len(pairs)


def test_very_long_texts_are_compared_like_others(tmp_path: Path) -> None:
    rng = Random(3)
    long = "".join(chr(0xAC00 + rng.randrange(11_000)) for _ in range(40_000))
    other = long[:36_000] + long[:100] + "".join(chr(0xAC00 + rng.randrange(11_000)) for _ in range(3_000))
    members = [(long, TRAIN), (other, EVALUATION), (long[:20_000], EVALUATION), ("가나다라", TRAIN)]
    for threshold in (0.3, 0.8, 0.95):
        with open_index(tmp_path / str(threshold), threshold, memory=10**5) as index:
            add(index, members)
            assert found(index, [text for text, _ in members]) == brute_force(members, threshold)


def test_more_candidates_than_fit_into_memory(tmp_path: Path) -> None:
    stem = "".join(chr(0xAC00 + 7 * number) for number in range(60))
    members = [(f"{stem}{chr(0xB000 + number)}", 1 + number % 2) for number in range(300)]
    with open_index(tmp_path, 0.8, memory=200_000, threads=2) as index:
        add(index, members, 3)
        frames = list(index.pairs())
        assert len(frames) > 1
        pairs = pl.concat(frames)
        assert pairs.height == 150 * 150
        assert pairs["similarity"].unique().to_list() == [58 / 60]
        assert not pairs.select(pl.exclude("similarity")).is_duplicated().any()


TEXTS = [("가나다라마바사", TRAIN), ("가나다라마바아", EVALUATION), ("전혀 다른 문장이다", TRAIN)]
MORE = [("가나다라마바자", TRAIN), ("전혀 다른 문장이었다", EVALUATION)]


def filled(folder: Path, members: Sequence[tuple[str, int]] = TEXTS, threshold: float = 0.5) -> Directed:
    """Adds texts to the index in a folder and saves it."""
    with open_index(folder, threshold, memory=10**6) as index:
        add(index, members)
        index.save()
        return found(index, [text for text, _ in [*TEXTS, *MORE]])


def test_what_was_not_saved_is_not_there(tmp_path: Path) -> None:
    filled(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    with open_index(tmp_path, 0.5, memory=10**6) as index:
        add(index, MORE)
    with open_index(tmp_path, 0.5, memory=10**6) as index:
        assert found(index, [text for text, _ in TEXTS]) == brute_force(TEXTS, 0.5)
        assert {path.name for path in tmp_path.iterdir()} == names


@pytest.mark.parametrize("other", [{"threshold": 0.4}, {"hashed_by": "another"}, {"compare": [(1, 1)]}])
def test_an_index_with_other_settings_is_made_anew(tmp_path: Path, other: dict[str, object]) -> None:
    filled(tmp_path)
    arguments: dict[str, object] = {"threshold": 0.5, "memory": 10**6} | other
    with open_index(tmp_path, **arguments) as index:  # type: ignore[arg-type]
        assert index.n_texts == 0
    assert filled(tmp_path) == brute_force(TEXTS, 0.5)


def test_an_index_that_is_not_kept_finds_the_same_and_writes_less(tmp_path: Path) -> None:
    names = {}
    for is_kept in (True, False):
        folder = tmp_path / str(is_kept)
        with open_index(folder, 0.5, memory=10**6, is_kept=is_kept) as index:
            add(index, TEXTS)
            assert found(index, [text for text, _ in TEXTS]) == brute_force(TEXTS, 0.5)
            names[is_kept] = {path.name.partition("-")[0] for path in folder.iterdir()}
    assert names[True] - names[False] == {"entries"}


def test_an_index_is_made_anew_when_most_of_its_texts_are_gone(tmp_path: Path) -> None:
    filled(tmp_path)
    for n_rows, n_texts in ((2, len(TEXTS)), (1, 0)):
        with open_index(tmp_path, 0.5, memory=10**6, n_rows=n_rows) as index:
            assert index.n_texts == n_texts
    assert filled(tmp_path) == brute_force(TEXTS, 0.5)


def test_an_index_of_another_version_is_made_anew(tmp_path: Path) -> None:
    filled(tmp_path)
    contents = state.load(tmp_path)
    contents.version = 0
    state.save(tmp_path, contents)
    with open_index(tmp_path, 0.5, memory=10**6) as index:
        assert index.n_texts == 0


def test_a_damaged_file_never_changes_the_result(tmp_path: Path) -> None:
    """Bytes of each file changed, and each file cut off or missing: an error, or the same pairs."""
    source = tmp_path / "source"
    filled(source)
    expected = brute_force([*TEXTS, *MORE], 0.5)
    files = [path for path in source.iterdir() if path.stat().st_size]
    assert len(files) >= 5
    rng = Random(2)
    for path in files:
        content = path.read_bytes()
        places = rng.sample(range(len(content)), min(12, len(content)))
        damaged = [content[:at] + bytes([content[at] ^ 0x41]) + content[at + 1 :] for at in places]
        for number, changed in enumerate([*damaged, content[:-1], b"", None]):
            folder = tmp_path / f"{path.name}-{number}"
            shutil.copytree(source, folder)
            if changed is None:
                (folder / path.name).unlink()
            else:
                (folder / path.name).write_bytes(changed)
            try:
                pairs = filled(folder, [*TEXTS, *MORE])
            except DamagedError as error:
                assert "Next: run the command again" in error.text()
                pairs = filled(folder, [*TEXTS, *MORE])
            assert pairs == expected
            shutil.rmtree(folder)


def test_two_runs_do_not_use_one_index(tmp_path: Path) -> None:
    first = open_index(tmp_path, 0.5, memory=10**6)
    with first, pytest.raises(LockError), open_index(tmp_path, 0.5, memory=10**6):
        pass


def test_only_the_blocks_that_are_read_are_verified(tmp_path: Path) -> None:
    import numpy as np

    values = np.arange(columns.BLOCK_BYTES, dtype=np.uint64)
    checksum = columns.write_columns(tmp_path / "file", {"values": values, "none": values[:0]})
    content = bytearray((tmp_path / "file").read_bytes())
    content[columns.BLOCK_BYTES + 8] ^= 1
    (tmp_path / "file").write_bytes(content)
    read = columns.Columns(tmp_path / "file", checksum)
    block = columns.BLOCK_BYTES // 8
    assert read.read("values", 0, block).tolist() == values[:block].tolist()
    assert read.pick("values", np.array([0, 2 * block])).tolist() == [0, 2 * block]
    assert read.read("none").tolist() == []
    for begin, end in ((block - 1, block + 1), (0, len(values)), (block, block + 1)):
        with pytest.raises(DamagedError):
            read.read("values", begin, end)
    with pytest.raises(DamagedError):
        read.verify("values", np.array([0]), np.array([3 * block]))


def test_the_order_of_trigrams_comes_from_the_first_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "SAMPLE", 1)
    assert filled(tmp_path) == brute_force(TEXTS, 0.5)
    assert filled(tmp_path, MORE) == brute_force([*TEXTS, *MORE], 0.5)
