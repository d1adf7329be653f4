"""The cache of tagged texts: what it gives back is right, or it is not known."""

import hashlib
import multiprocessing
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.patience import PATIENCE

from etl.errors import LockError, WriteError
from etl.tagging.cache import TagCache, clear, open_cache, stored

pytestmark = pytest.mark.slow

LISTS = pl.List(pl.String)
SEPARATORS = {"\x1e", "\x1f"}
strings = st.text(max_size=12) | st.sampled_from(
    ["😀😀", "ㅋㅋㅋ", "", "\x1f", "a\x1eb", "\0", "\ufeff", "ᄀᆞ"]
)


def facts(name: str = "okt", **options: Any) -> dict[str, Any]:
    fingerprint = hashlib.sha256(f"{name}{options}".encode()).hexdigest()
    return {"name": name, "version": "1.0", "options": options, "fingerprint": fingerprint}


def tagged(texts: list[str], problem: str | None = None) -> pl.DataFrame:
    """What a tagger makes of texts: each eojeol, and how long it is."""
    frame = pl.DataFrame({"text": pl.Series(texts, dtype=pl.String)})
    tokens = pl.col("text").str.split(" ")
    lengths = tokens.list.eval(pl.element().str.len_chars().cast(pl.String))
    return frame.with_columns(tokens=tokens, tags=lengths, problem=pl.lit(problem, pl.String))


def numbered(first: int, end: int) -> list[str]:
    return [f"{number}번째로 적는 문장인데 오늘은 정말 기분이 좋다" for number in range(first, end)]


def known(cache: TagCache, texts: list[str]) -> int:
    """How many texts are known; what is known must be right."""
    got = cache.get(pl.Series("anything", texts, pl.String))
    assert got["text"].to_list() == texts
    is_known = got["tokens"].is_not_null()
    assert got.filter(is_known).equals(tagged(texts).drop("problem").filter(is_known))
    assert got["tags"].is_not_null().equals(is_known, check_names=False)
    return is_known.sum()


def filled(folder: Path, texts: list[str], **options: Any) -> Path:
    """Keeps texts in a cache, and says which file that is."""
    with open_cache(folder, facts(**options)) as cache:
        cache.put(tagged(texts))
        assert cache.notes == []
    fingerprint = facts(**options)["fingerprint"]
    return next(each.path for each in stored(folder) if each.facts.get("fingerprint") == fingerprint)


@given(st.dictionaries(strings, st.lists(st.tuples(strings, strings), max_size=5), max_size=8))
@example({"빈 목록": [], "빈 토큰": [("", "")], "빈 토큰 둘": [("", "a"), ("", "b")]})
def test_what_is_known_is_what_was_kept(answers: dict[str, list[tuple[str, str]]]) -> None:
    frame = pl.DataFrame(
        {
            "text": list(answers),
            "tokens": [[token for token, _ in pairs] for pairs in answers.values()],
            "tags": [[tag for _, tag in pairs] for pairs in answers.values()],
            "problem": [None] * len(answers),
        },
        schema={"text": pl.String, "tokens": LISTS, "tags": LISTS, "problem": pl.String},
    )
    with tempfile.TemporaryDirectory() as folder:
        with open_cache(Path(folder), facts()) as cache:
            cache.put(frame)
        with open_cache(Path(folder), facts()) as cache:
            got = cache.get(frame["text"])
            assert cache.notes == []
    for row, wanted in zip(got.iter_rows(), frame.drop("problem").iter_rows(), strict=True):
        lists = [*wanted[1:]]
        is_odd = [""] in lists or any(SEPARATORS & set("".join(each)) for each in lists)
        assert row == ((wanted[0], None, None) if is_odd else wanted)


def test_the_lists_of_unknown_texts_are_null_and_the_order_is_kept(tmp_path: Path) -> None:
    with open_cache(tmp_path, facts()) as cache:
        cache.put(tagged(["하나 둘", "셋"]))
        got = cache.get(pl.Series(["넷", "셋", "하나 둘", "셋"]))
        assert cache.get(pl.Series([], dtype=pl.String)).schema == got.schema
    assert got["tokens"].to_list() == [None, ["셋"], ["하나", "둘"], ["셋"]]
    assert got.schema == {"text": pl.String, "tokens": LISTS, "tags": LISTS}


def test_a_sentence_with_a_problem_is_tried_again(tmp_path: Path) -> None:
    with open_cache(tmp_path, facts()) as cache:
        cache.put(pl.concat([tagged(["끝이 없다"], "tagger_timeout"), tagged(["괜찮다"])]))
        assert (known(cache, ["끝이 없다"]), known(cache, ["괜찮다"])) == (0, 1)


def test_a_tagger_with_other_options_knows_nothing(tmp_path: Path) -> None:
    filled(tmp_path, ["좋다"], stem=True)
    with open_cache(tmp_path, facts(stem=False)) as cache:
        assert known(cache, ["좋다"]) == 0


def test_a_new_answer_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    with open_cache(tmp_path, facts()) as cache:
        cache.put(tagged(["좋다"]).with_columns(tags=pl.lit(["old"])))
        cache.put(tagged(["좋다"]))
        assert known(cache, ["좋다"]) == 1
    assert stored(tmp_path)[0].sentences == 1


def test_threads_share_a_cache(tmp_path: Path) -> None:
    def work(first: int) -> int:
        texts = numbered(first, first + 300)
        cache.put(tagged(texts))
        return known(cache, texts)

    with open_cache(tmp_path, facts()) as cache, ThreadPoolExecutor(4) as threads:
        assert list(threads.map(work, range(0, 6000, 200))) == [300] * 30
        assert cache.notes == []


def test_nothing_is_known_after_the_end(tmp_path: Path) -> None:
    with open_cache(tmp_path, facts()) as cache:
        cache.put(tagged(["좋다"]))
    cache.put(tagged(["싫다"]))
    assert known(cache, ["좋다", "싫다"]) == 0
    assert cache.notes == []


def write_again_and_again(folder: Path, rounds: int, starts: Any, outcomes: Any) -> None:
    """In a process of its own: opens a new cache, keeps the same texts as others do, and reads them."""
    for number in range(rounds):
        starts.wait()
        with open_cache(folder / str(number), facts()) as cache:
            for first in range(0, 600, 100):
                cache.put(tagged(numbered(first, first + 150)))
            outcomes.put((known(cache, numbered(0, 650)), cache.notes))


def test_several_runs_write_the_same_texts_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    starts, outcomes = context.Barrier(3), context.Queue()
    runs = [
        context.Process(target=write_again_and_again, args=(tmp_path, 20, starts, outcomes)) for _ in range(3)
    ]
    for run in runs:
        run.start()
    assert [outcomes.get(timeout=PATIENCE) for _ in range(60)] == [(650, [])] * 60
    for run in runs:
        run.join()
    assert [each.sentences for number in range(20) for each in stored(tmp_path / str(number))] == [650] * 20


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_cache import facts, numbered, open_cache, tagged
with open_cache(Path(sys.argv[1]), facts()) as cache:
    for number in range(1000):
        cache.put(tagged(numbered(number * 500, number * 500 + 500)))
        print(cache.notes or number, flush=True)
"""


def writer(folder: Path, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), *map(str, Path(__file__).parents[:2])]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("batches", [1, 7, 40])
def test_a_killed_run_loses_nothing_that_it_had_kept(tmp_path: Path, batches: int) -> None:
    with writer(tmp_path) as run:
        assert run.stdout is not None
        said = [run.stdout.readline().strip() for _ in range(batches)]
        os.kill(run.pid, signal.SIGKILL)
    assert said == [str(number) for number in range(batches)]
    with open_cache(tmp_path, facts()) as cache:
        assert known(cache, numbered(0, 500 * batches)) == 500 * batches
        cache.put(tagged(["다음"]))
        assert known(cache, ["다음"]) == 1
        assert cache.notes == []


def test_a_full_disk_ends_the_keeping_and_not_the_run(tmp_path: Path) -> None:
    def allow_a_megabyte() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    with writer(tmp_path, preexec_fn=allow_a_megabyte) as run:
        assert run.stdout is not None
        said = run.stdout.read().splitlines()
    assert run.returncode == 0
    assert len(said) == 1000
    assert said[0] == "0"
    assert len({line for line in said if "is not kept" in line}) == 1, "one note"
    assert "is not kept" in said[-1]
    with open_cache(tmp_path, facts()) as cache:
        assert known(cache, numbered(0, 500)) == 500


def test_where_no_folder_can_be_made_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with open_cache(tmp_path / "taken", facts()) as cache:
        cache.put(tagged(["좋다"]))
        assert known(cache, ["좋다"]) == 0
        assert len(cache.notes) == 1
    assert stored(tmp_path / "taken") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_in_a_folder_that_cannot_be_written_the_run_goes_on(tmp_path: Path) -> None:
    path = filled(tmp_path, ["좋다"])
    path.parent.chmod(0o500)
    with open_cache(tmp_path, facts()) as cache:
        assert known(cache, ["좋다"]) in {0, 1}
        cache.put(tagged(["싫다"]))
        assert len(cache.notes) == 1
    with pytest.raises(WriteError):
        clear(tmp_path)
    path.parent.chmod(0o700)


def garbage(path: Path) -> None:
    path.write_bytes(b"What is this? " * 5000)


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zeroed(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000] + bytes(200_000))


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE tagged (key, answer)")
    connection.close()


def without_facts(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE tagger SET facts = x'ff'")
    connection.close()


@pytest.mark.parametrize("damage", [garbage, cut_off, zeroed, foreign, without_facts])
def test_a_damaged_file_is_put_aside_and_begun_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    texts = numbered(0, 2000)
    path = filled(tmp_path, texts)
    damage(path)
    with open_cache(tmp_path, facts()) as cache:
        known(cache, texts)
        cache.put(tagged(texts))
        cache.put(tagged(texts))
        assert known(cache, texts) == 2000
        assert len(cache.notes) == 1
    assert [each.path.suffix for each in stored(tmp_path)] == [".damaged", ".sqlite"]
    with open_cache(tmp_path, facts()) as cache:
        assert known(cache, texts) == 2000
        assert cache.notes == []


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    path = filled(tmp_path, ["좋다"])
    path.write_bytes(b"")
    filled(tmp_path, ["좋다"])
    assert stored(tmp_path)[0].sentences == 1


def test_the_file_of_another_tagger_is_not_believed(tmp_path: Path) -> None:
    theirs, ours = filled(tmp_path, ["좋다"], stem=True), filled(tmp_path, ["싫다"], stem=False)
    theirs.replace(ours)
    with open_cache(tmp_path, facts(stem=False)) as cache:
        assert known(cache, ["좋다", "싫다"]) == 0
        assert len(cache.notes) == 1


def test_the_answer_to_another_text_is_not_believed(tmp_path: Path) -> None:
    path = filled(tmp_path, ["좋다", "싫다", "괜찮다"])
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE tagged SET answer = (SELECT answer FROM tagged WHERE id = 3) WHERE id = 1")
    connection.close()
    with open_cache(tmp_path, facts()) as cache:
        assert known(cache, ["좋다", "싫다", "괜찮다"]) == 2
        cache.put(tagged(["좋다"]))
        assert known(cache, ["좋다", "싫다", "괜찮다"]) == 3
        assert cache.notes == []


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("cache"), numbered(0, 400))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=40)), min_size=1))
def test_flipped_bytes_never_give_a_wrong_answer(undamaged: Path, flips: list[tuple[float, bytes]]) -> None:
    content = bytearray(undamaged.read_bytes())
    for where, replacement in flips:
        start = int(where * len(content))
        content[start : start + len(replacement)] = replacement
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / undamaged.parent.name / undamaged.name
        path.parent.mkdir()
        path.write_bytes(content)
        with open_cache(Path(folder), facts()) as cache:
            known(cache, numbered(0, 400))
            cache.put(tagged(numbered(200, 600)))
            known(cache, numbered(0, 600))
        stored(Path(folder))
        assert clear(Path(folder))


def test_the_oldest_texts_make_room_for_new_ones(tmp_path: Path) -> None:
    with open_cache(tmp_path, facts(), max_mb=1) as cache:
        for first in range(0, 20_000, 1000):
            cache.put(tagged(numbered(first, first + 1000)))
            assert known(cache, numbered(first, first + 1000)) == 1000
        assert known(cache, numbered(0, 1000)) == 0
    [file] = stored(tmp_path)
    assert file.sentences is not None
    assert 2000 < file.sentences < 10_000
    assert file.bytes <= 1_000_000


def test_a_lower_limit_makes_the_file_smaller(tmp_path: Path) -> None:
    assert filled(tmp_path, numbered(0, 20_000)).stat().st_size > 2_000_000
    with open_cache(tmp_path, facts(), max_mb=1) as cache:
        cache.put(tagged(["좋다"]))
        assert known(cache, ["좋다"]) == 1
    assert stored(tmp_path)[0].bytes <= 1_000_000


def test_the_tagger_that_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    texts = numbered(0, 5000)  # about 0.7 MB
    paths = {name: filled(tmp_path, texts, name=name) for name in ("okt", "kkma", "kiwi", "mecab")}
    for age, name in enumerate(["kiwi", "okt", "kkma", "mecab"]):
        os.utime(paths[name], (1_000_000 - age, 1_000_000 - age))
    with open_cache(tmp_path, facts("mecab")), open_cache(tmp_path, facts("komoran"), max_mb=2):
        pass
    assert {each.tagger for each in stored(tmp_path)} == {"kiwi", "mecab", "komoran"}


def test_a_tagger_that_another_run_uses_does_not_go(tmp_path: Path) -> None:
    filled(tmp_path, numbered(0, 5000))
    with open_cache(tmp_path, facts()) as cache:
        with open_cache(tmp_path, facts("kiwi"), max_mb=1) as other:
            other.put(tagged(numbered(0, 2000)))
        assert known(cache, numbered(0, 5000)) == 5000
    assert {each.tagger for each in stored(tmp_path)} == {"okt", "kiwi"}


def test_clearing_removes_one_tagger_or_all(tmp_path: Path) -> None:
    for name in ("okt", "kiwi", "mecab"):
        filled(tmp_path, ["좋다"], name=name)
    assert [each.tagger for each in clear(tmp_path, "kiwi")] == ["kiwi"]
    assert [each.tagger for each in stored(tmp_path)] == ["mecab", "okt"]
    assert [each.sentences for each in clear(tmp_path)] == [1, 1]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert clear(tmp_path) == []


def test_what_a_run_uses_is_not_cleared(tmp_path: Path) -> None:
    filled(tmp_path, ["싫다"], name="kiwi")
    with open_cache(tmp_path, facts()) as cache:
        cache.put(tagged(["좋다"]))
        with pytest.raises(LockError, match="another run uses the cache of okt"):
            clear(tmp_path)
        assert known(cache, ["좋다"]) == 1
    assert [each.sentences for each in stored(tmp_path)] == [1, 1]


def test_the_cache_of_a_killed_run_is_cleared_with_its_journal(tmp_path: Path) -> None:
    with writer(tmp_path) as run:
        assert run.stdout is not None
        run.stdout.readline()
        os.kill(run.pid, signal.SIGKILL)
    assert list(tmp_path.rglob("*-wal"))
    assert len(clear(tmp_path)) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_stored_says_whose_it_is(tmp_path: Path) -> None:
    path = filled(tmp_path, numbered(0, 50), name="kiwi", model="큰 것")
    shutil.copy(path, path.with_name("okt-0.damaged"))
    garbage(path.with_name("okt-0.damaged"))
    kiwi, damaged = stored(tmp_path)
    assert (kiwi.tagger, kiwi.sentences, kiwi.bytes) == ("kiwi", 50, path.stat().st_size)
    assert kiwi.facts["options"] == {"model": "큰 것"}
    assert (damaged.tagger, damaged.sentences, damaged.facts) == ("okt", None, {})
