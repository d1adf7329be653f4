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
from support import stand_in_tagger as stand_in
from support.patience import PATIENCE
from support.processes import descendants, is_running
from support.small_tables import ingest, write_lines

from etl.errors import EtlError, SettingsError
from etl.settings import Tag
from etl.tagging import taggers, worker
from etl.tagging.pool import Pool
from etl.tagging.tagger import open_tagger
from etl.tagging.taggers import LoadTagger

pytestmark = pytest.mark.slow

TEXTS = [f"{number}번째로 적는 문장인데 오늘은 정말 기분이 좋다" for number in range(6000)]
LIMITS = Tag(tagger="mecab", seconds=1, memory_mb=200)
STAND_IN_KIWI = "from support.stand_in_tagger import Kiwi"
Outcomes = list[worker.Outcome]


def tagged(
    settings: Tag, *questions: list[str], workers: int = 1, load_tagger: LoadTagger = taggers.load
) -> list[Outcomes]:
    """What each list of texts is answered, one after the other, by one pool; then no process is left."""
    pool = Pool(settings, workers, load_tagger)
    try:
        return [pool.tag(texts) for texts in questions]
    finally:
        pool.stop()
        assert not multiprocessing.active_children()


def test_workers_that_die_lose_no_sentence() -> None:
    def kill_workers() -> None:
        while len(killed) < 3 and not is_done.wait(0.3 if killed else 0.01):
            for child in multiprocessing.active_children()[:1]:
                killed.append(child.pid)
                os.kill(child.pid, signal.SIGKILL)

    killed: list[int] = []
    is_done = threading.Event()
    killer = threading.Thread(target=kill_workers)
    killer.start()
    [outcomes] = tagged(Tag(tagger="mecab"), TEXTS, workers=2)
    is_done.set()
    killer.join()
    assert killed
    assert ["".join(tokens) for tokens, *_ in outcomes] == [text.replace(" ", "") for text in TEXTS]
    assert {problem for _, _, problem, _ in outcomes} == {None}


def test_the_number_of_workers_decides_nothing() -> None:
    one, three = (tagged(Tag(tagger="mecab"), TEXTS[:1500], workers=workers) for workers in (1, 3))
    assert one == three


def test_no_worker_outlives_the_block_even_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OddError(Exception):
        pass

    broken_package(tmp_path, "kiwipiepy", STAND_IN_KIWI, monkeypatch)
    with pytest.raises(OddError), open_tagger(Tag(tagger="kiwi"), workers=2, is_cached=False) as tagger:
        tagger(pl.Series("text", TEXTS[:10]))
        assert multiprocessing.active_children()
        raise OddError
    assert not multiprocessing.active_children()


def others_and_odd(texts: list[str], outcomes: Outcomes, odd: str) -> tuple[Outcomes, Outcomes]:
    """The outcomes of all other texts, and those of the odd one."""
    answered = list(zip(texts, outcomes, strict=True))
    others = [outcome for text, outcome in answered if text != odd]
    return others, [outcome for text, outcome in answered if text == odd]


@pytest.mark.parametrize(
    ("odd", "reason", "detail"),
    [
        (stand_in.WAIT, "tagger_timeout", "no answer in 1 s"),
        (stand_in.COMPUTE, "tagger_timeout", "no answer in 1 s"),
        (stand_in.GROW, "tagger_crash", "out of memory: a worker has 200 MB"),
        (stand_in.EXIT, "tagger_crash", "the process of the tagger ended with exit code 7"),
        (stand_in.CRASH, "tagger_crash", "the process of the tagger was killed by SIGSEGV"),
        (stand_in.RAISE, "tagger_error", "ValueError: not this one"),
    ],
)
def test_each_sentence_without_an_answer_is_marked_and_no_other(odd: str, reason: str, detail: str) -> None:
    texts = [*TEXTS[:20], odd, odd, *TEXTS[20:40]]
    expected, outcomes = tagged(LIMITS, TEXTS[:40], texts, load_tagger=stand_in.load)
    assert [outcome[2] for outcome in expected] == [None] * 40
    assert others_and_odd(texts, outcomes, odd) == (expected, [([], [], reason, detail)] * 2)


@pytest.mark.jvm
@pytest.mark.parametrize(
    ("odd", "reason", "detail"),
    [
        (stand_in.WAIT, "tagger_timeout", "no answer in 1 s"),
        (stand_in.GROW, "tagger_crash", "out of memory: a worker has 600 MB"),
        (stand_in.EXIT, "tagger_crash", "the process of the tagger ended with exit code 70"),
        (stand_in.RAISE, "tagger_error", "java.lang.NumberFormatException: "),
    ],
)
def test_so_is_each_that_java_does_not_answer(odd: str, reason: str, detail: str) -> None:
    settings, texts = Tag(tagger="mecab", seconds=1, memory_mb=600), [*TEXTS[:20], odd, *TEXTS[20:40]]
    [outcomes] = tagged(settings, texts, load_tagger=stand_in.load_in_java)
    others, [marked] = others_and_odd(texts, outcomes, odd)
    assert [outcome[2] for outcome in others] == [None] * 40
    assert marked[:3] == ([], [], reason)
    assert marked[3].startswith(detail)


def test_many_odd_sentences_cost_none_of_the_others() -> None:
    texts = TEXTS[:700]
    for number in range(14):  # more that end their process than times that a pool may break in a row
        texts.insert(51 * number, [stand_in.EXIT, stand_in.RAISE][number % 2])
    [outcomes] = tagged(LIMITS, texts, workers=2, load_tagger=stand_in.load)
    kept = [text for text, outcome in zip(texts, outcomes, strict=True) if outcome[2] is None]
    assert kept == TEXTS[:700]


def test_ingest_rejects_such_a_sentence_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_package(tmp_path, "kiwipiepy", STAND_IN_KIWI, monkeypatch)
    odd = {stand_in.WAIT: "tagger_timeout", stand_in.EXIT: "tagger_crash", stand_in.RAISE: "tagger_error"}
    rows = [{"text": text, "label": "기쁨"} for text in [*TEXTS[:20], *odd, *TEXTS[20:40]]]
    raw = write_lines(tmp_path / "raw.jsonl", rows)
    manifest = ingest(
        raw,
        out=tmp_path / "dataset",
        tag__tagger="kiwi",
        tag__seconds=1,
        dedupe__near=0,
        table__group_column=None,
    )
    [counts] = manifest.counts.values()
    assert (counts.read, counts.kept, counts.rejected) == (43, 40, dict.fromkeys(odd.values(), 1))


def test_several_threads_share_the_workers_and_a_hang() -> None:
    def tag(number: int) -> None:
        outcomes[number] = pool.tag([*TEXTS[:number], stand_in.WAIT, *TEXTS[number:100]])

    outcomes: dict[int, Outcomes] = {}
    pool = Pool(LIMITS, 2, stand_in.load)
    threads = [threading.Thread(target=tag, args=[number]) for number in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.stop()
    for number, found in outcomes.items():
        assert [index for index, outcome in enumerate(found) if outcome[2]] == [number]


@pytest.mark.jvm
@pytest.mark.parametrize("name", ["okt", "komoran", "hannanum", "mecab", "kiwi"])
def test_in_the_least_memory_it_may_be_given_a_tagger_refuses_half_a_character_alone(name: str) -> None:
    with pytest.raises(SettingsError, match="too little for the tagger") as caught:
        Pool(Tag(tagger=name, memory_mb=1), workers=1)
    least = int(caught.value.details[0].split()[1])
    # No series of polars can hold it; a list can.
    [outcomes] = tagged(Tag(tagger=name, memory_mb=least), [*TEXTS[:50], "좋아 \ud83d", *TEXTS[50:100]])
    assert [outcome[2] for outcome in outcomes] == [*[None] * 50, "tagger_error", *[None] * 50]
    assert outcomes[50][3]


def test_stopping_ends_the_wait_for_a_hang() -> None:
    pool = Pool(Tag(tagger="mecab", seconds=300), 1, stand_in.load)
    pool.tag(TEXTS[:1])
    stopper = threading.Timer(0.5, pool.stop)
    stopper.start()
    with pytest.raises(CancelledError):
        pool.tag([stand_in.WAIT])
    stopper.join()
    assert not multiprocessing.active_children()


def with_stand_in(tmp_path: Path) -> dict[str, str]:
    """For a script in a process of its own: whatever hangs leaves its process id in the folder `hanging`."""
    (tmp_path / "hanging").mkdir()
    tests = Path(__file__).parents[1]
    return {**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}", stand_in.TELLS: str(tmp_path / "hanging")}


ENDS_WHILE_A_WORKER_STARTS = """
import contextlib, multiprocessing, os, signal, sys, threading, time
from concurrent.futures import CancelledError
from pathlib import Path
from etl.settings import Tag
from etl.tagging.pool import Pool
from support import stand_in_tagger as stand_in
hanging = Path(os.environ[stand_in.TELLS])
is_slow, is_ending = (hanging.with_name(name) for name in ("slow", "ending"))
def pids():
    return {child.pid for child in multiprocessing.active_children()}
def tag(*texts):
    with contextlib.suppress(CancelledError):
        pool.tag(list(texts))
if __name__ == "__main__":
    pool = Pool(Tag(tagger="mecab", seconds=3000), 2, stand_in.load)
    tag("좋은 날")
    threading.Thread(target=tag, args=[stand_in.WAIT] * 1000).start()
    first, second = before = sorted(pids())
    while len(list(hanging.iterdir())) < 2:
        time.sleep(0.01)
    is_slow.touch()
    os.kill(first, signal.SIGKILL)
    while pids() <= {*before}:
        time.sleep(0.01)  # another one takes its place
    os.kill(second, signal.SIGSTOP)  # so it takes a while to end
    stopper = threading.Thread(target=pool.stop)
    stopper.start()
    time.sleep(0.5)  # until the pool has let go of its locks; the test fails for no other choice
    is_ending.touch()
    stopper.join()
else:
    while is_slow.exists() and not is_ending.exists():
        time.sleep(0.01)
"""


def test_a_worker_that_is_about_to_start_when_all_ends_says_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ENDS_WHILE_A_WORKER_STARTS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
        env=with_stand_in(tmp_path),
    )
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
from etl.tagging.pool import Pool
from support import stand_in_tagger as stand_in
if __name__ == "__main__":
    pool = Pool(Tag(tagger="mecab", seconds=3000), 2, stand_in.load)
    pool.tag(["좋은 날"])
    print("ready", flush=True)
    try:
        pool.tag(["좋은 날", stand_in.WAIT])
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    finally:
        pool.stop()
"""


def is_over_in_time(is_over: Callable[[], bool]) -> bool:
    """Waits far longer than it takes on any machine, far shorter than the hang."""
    deadline = time.monotonic() + PATIENCE
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
        env=with_stand_in(tmp_path),
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "ready\n"
        assert is_over_in_time(lambda: any((tmp_path / "hanging").iterdir()))
        workers = descendants(run.pid)
        assert len(workers) >= 2
        os.killpg(run.pid, signal_number) if signal_number == signal.SIGINT else run.kill()
        assert is_over_in_time(lambda: not any(map(is_running, workers)))
        printed, errors = run.communicate(timeout=PATIENCE)
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
