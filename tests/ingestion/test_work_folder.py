"""The folder of a run that ends with an error is removed when nothing writes into it any more."""

import threading
import time
from pathlib import Path

import pytest
from support.each_step import interrupt_at_each_step

from etl.ingestion.work_folder import Resources, open_work
from etl.runtime.threads import ordered_map


def test_what_still_runs_on_threads_is_waited_for(tmp_path: Path) -> None:
    has_begun, has_ended = threading.Event(), threading.Event()

    def work_or_fail(folder: Path | None) -> None:
        if folder is None:
            has_begun.wait()
            raise ValueError("the first of two")
        has_begun.set()
        time.sleep(0.3)
        folder.mkdir(parents=True, exist_ok=True)
        has_ended.set()

    with (
        pytest.raises(ValueError, match="the first of two"),
        open_work(tmp_path / "dataset", Resources(), {}) as folder,
    ):
        list(ordered_map(work_or_fail, [None, folder / "late"], workers=2))
    assert has_ended.wait(10)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_whenever_a_signal_comes(tmp_path: Path) -> None:
    def run() -> None:
        with open_work(tmp_path / "dataset", Resources(), {}) as folder:
            (folder / "batches" / "0.parts").touch()

    def check(_is_stopped: bool) -> None:
        assert list(tmp_path.iterdir()) == []

    assert interrupt_at_each_step(run, check) > 100
