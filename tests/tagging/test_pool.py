import multiprocessing
import os
import signal
import threading

import polars as pl
import pytest

from etl.settings import Tag
from etl.tagging.tagger import open_tagger

TEXTS = [f"{number}번째로 적는 문장인데 오늘은 정말 기분이 좋다" for number in range(6000)]


def test_workers_that_die_lose_no_sentence() -> None:
    def kill_workers() -> None:
        while len(killed) < 4 and not is_done.wait(0.3):
            for child in multiprocessing.active_children()[:1]:
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    killed: list[int] = []
    is_done = threading.Event()
    killer = threading.Thread(target=kill_workers)
    with open_tagger(Tag(tagger="mecab"), workers=2) as tagger:
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
        with open_tagger(Tag(tagger="mecab"), workers) as tagger:
            frames.append(tagger(pl.Series("text", TEXTS[:1500])))
    assert frames[0].equals(frames[1])


def test_no_worker_outlives_the_block_even_after_an_error() -> None:
    class OddError(Exception):
        pass

    with pytest.raises(OddError), open_tagger(Tag(tagger="mecab"), workers=2) as tagger:
        tagger(pl.Series("text", TEXTS[:10]))
        raise OddError
    assert not multiprocessing.active_children()
