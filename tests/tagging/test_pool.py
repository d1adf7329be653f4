import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hazards import descendants, is_running

from etl.errors import EtlError, SettingsError
from etl.settings import Tag
from etl.tagging import worker
from etl.tagging.pool import Pool
from etl.tagging.tagger import open_tagger

TEXTS = [f"{number}번째로 적는 문장인데 오늘은 정말 기분이 좋다" for number in range(6000)]
# Hannanum waits for ever on a null character; Okt computes for ever on this one, if it may not fold it.
WAITS, COMPUTES = "\x00", "가" * 5000
WAITING, COMPUTING = Tag(tagger="hannanum", seconds=2), Tag(tagger="okt", norm=False, stem=False, seconds=2)


def tagged(
    settings: Tag, texts: list[str], workers: int = 1
) -> list[tuple[list[str], list[str], str | None, str]]:
    [outcomes] = each_tagged(settings, [texts], workers)
    return outcomes


def each_tagged(
    settings: Tag, questions: list[list[str]], workers: int = 1
) -> list[list[tuple[list[str], list[str], str | None, str]]]:
    """One pool for several questions: what each is answered."""
    pool = Pool(settings, workers)
    try:
        return [pool.tag(texts) for texts in questions]
    finally:
        pool.stop()
        assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    "settings", [Tag(tagger="mecab"), Tag(tagger="hannanum")], ids=lambda tag: tag.tagger
)
def test_workers_that_die_lose_no_sentence(settings: Tag) -> None:
    def kill_workers() -> None:
        while len(killed) < 3 and not is_done.wait(0.3):
            for child in multiprocessing.active_children()[:1]:
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    killed: list[int] = []
    is_done = threading.Event()
    killer = threading.Thread(target=kill_workers)
    with open_tagger(settings, workers=2, is_cached=False) as tagger:
        killer.start()
        frame = tagger(pl.Series("text", TEXTS))
        is_done.set()
        killer.join()
        assert killed
        assert not set(killed) & {child.pid for child in multiprocessing.active_children()}
    assert frame["text"].to_list() == TEXTS
    assert frame["problem"].null_count() == len(TEXTS)
    assert frame["tokens"].list.len().min() > 5  # type: ignore[operator]


def test_the_number_of_workers_decides_nothing() -> None:
    frames = []
    for workers in (1, 3):
        with open_tagger(Tag(tagger="mecab"), workers, is_cached=False) as tagger:
            frames.append(tagger(pl.Series("text", TEXTS[:1500])))
    assert frames[0].equals(frames[1])


def test_no_worker_outlives_the_block_even_after_an_error() -> None:
    class OddError(Exception):
        pass

    with pytest.raises(OddError), open_tagger(Tag(tagger="mecab"), workers=2, is_cached=False) as tagger:
        tagger(pl.Series("text", TEXTS[:10]))
        raise OddError
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("settings", "hang"), [(WAITING, WAITS), (COMPUTING, COMPUTES)], ids=["waits", "computes"]
)
def test_each_sentence_without_an_answer_is_marked_and_no_other(settings: Tag, hang: str) -> None:
    texts = [*TEXTS[:20], hang, hang, *TEXTS[20:40]]
    expected, outcomes = each_tagged(settings, [TEXTS[:40], texts])
    assert {(*outcome[2:],) for text, outcome in zip(texts, outcomes, strict=True) if text == hang} == {
        ("tagger_timeout", "no answer in 2 s")
    }
    assert [outcome for text, outcome in zip(texts, outcomes, strict=True) if text != hang] == expected


def test_several_threads_share_the_workers_and_a_hang() -> None:
    def tag(number: int) -> None:
        outcomes[number] = pool.tag([*TEXTS[:number], WAITS, *TEXTS[number:100]])

    outcomes: dict[int, list[tuple[list[str], list[str], str | None, str]]] = {}
    pool = Pool(WAITING, workers=2)
    threads = [threading.Thread(target=tag, args=[number]) for number in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.stop()
    for number, found in outcomes.items():
        assert [index for index, outcome in enumerate(found) if outcome[2]] == [number]


def test_a_sentence_that_takes_all_memory_is_marked_alone() -> None:
    before, greedy, after = tagged(
        Tag(tagger="mecab", memory_mb=200), [TEXTS[0], "가나다 " * 2_000_000, TEXTS[1]]
    )
    assert greedy == ([], [], "tagger_crash", "out of memory: a worker has 200 MB")
    assert [before, after] == tagged(Tag(tagger="mecab"), TEXTS[:2])


@pytest.mark.parametrize("name", ["okt", "komoran", "hannanum", "mecab", "kiwi"])
def test_a_tagger_works_in_the_least_memory_it_may_be_given(name: str) -> None:
    with pytest.raises(SettingsError, match="too little for the tagger") as caught:
        Pool(Tag(tagger=name, memory_mb=1), workers=1)
    least = int(caught.value.details[0].split()[1])
    assert [outcome[2] for outcome in tagged(Tag(tagger=name, memory_mb=least), TEXTS[:200])] == [None] * 200


def test_stopping_ends_the_wait_for_a_hang() -> None:
    pool = Pool(Tag(tagger="hannanum", seconds=300), workers=1)
    pool.tag(TEXTS[:1])
    stopper = threading.Timer(0.5, pool.stop)
    stopper.start()
    with pytest.raises(CancelledError):
        pool.tag([WAITS])
    stopper.join()
    assert not multiprocessing.active_children()


ENDS_WHILE_A_WORKER_STARTS = """
import contextlib, multiprocessing, os, signal, threading, time
from concurrent.futures import CancelledError
from etl.settings import Tag
from etl.tagging import worker
from etl.tagging.pool import Pool
def tag(texts):
    with contextlib.suppress(CancelledError):
        pool.tag(texts)
if __name__ == "__main__":
    pool = Pool(Tag(tagger="mecab"), workers=2)
    tag(["좋은 날"])
    threading.Thread(target=tag, args=[["좋은 날이다 " * 100] * 50_000]).start()
    time.sleep(1.5)
    first, second = sorted(child.pid for child in multiprocessing.active_children())
    os.kill(first, signal.SIGKILL)
    time.sleep(0.3)  # another one takes its place
    os.kill(second, signal.SIGSTOP)  # so it takes a while to end
    pool.stop()
else:
    time.sleep(1)  # and the other one takes a while to start
"""


def test_a_worker_that_is_about_to_start_when_all_ends_says_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ENDS_WHILE_A_WORKER_STARTS, encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")


def broken_package(folder: Path, name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers look for packages where their parent does."""
    (folder / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)


def test_a_tagger_that_cannot_be_loaded_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_package(tmp_path, "mecab", "raise OSError('the dictionary is damaged')", monkeypatch)
    with pytest.raises(EtlError, match="the tagger mecab cannot be loaded") as caught:
        tagged(Tag(tagger="mecab"), TEXTS[:300], workers=2)
    assert caught.value.details == ["OSError: the dictionary is damaged"]
    assert "etl doctor" in caught.value.next_step


def test_a_tagger_that_dies_when_it_is_loaded_is_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_package(tmp_path, "mecab", "import os\nos._exit(1)", monkeypatch)
    with pytest.raises(EtlError, match="die before they have tagged anything") as caught:
        tagged(Tag(tagger="mecab"), TEXTS[:300], workers=2)
    assert "memory_mb" in caught.value.next_step


HANGS = """
import sys
from etl.settings import Tag
from etl.tagging import worker
from etl.tagging.pool import Pool
if __name__ == "__main__":
    pool = Pool(Tag(tagger="hannanum", seconds=300), workers=2)
    pool.tag(["좋은 날"])
    print("ready", flush=True)
    try:
        pool.tag(["좋은 날", "\\x00"])
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    finally:
        pool.stop()
"""


def ends_within(is_over: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_over() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_over()


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_workers_are_gone_with_their_parent_even_in_a_hang(signal_number: int, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(HANGS, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        time.sleep(1)  # until one of them hangs
        workers = descendants(run.pid)
        assert len(workers) >= 2
        os.killpg(run.pid, signal_number) if signal_number == signal.SIGINT else run.kill()
        # The issue is with processes that stay for as long as the hang does; the machine may be busy.
        assert ends_within(lambda: not any(map(is_running, workers)), 5)
        printed, errors = run.communicate(timeout=30)
    if signal_number == signal.SIGINT:
        assert printed == "interrupted\n"
        assert errors == ""


any_text = st.text(st.sampled_from("가ㅋ \x1f\n🙂"), max_size=3)


@given(
    st.lists(
        st.one_of(
            st.lists(any_text, max_size=4).map(lambda tokens: (tokens, ["Noun"] * len(tokens), None, "")),
            st.just(([], [], "tagger_error", "Exception: 가")),
        ),
        max_size=6,
    )
)
def test_outcomes_come_out_of_their_packing_as_they_went_in(outcomes: list[worker.Outcome]) -> None:
    assert worker.unpack(worker.pack(outcomes)) == outcomes
