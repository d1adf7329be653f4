"""Whatever asks a command to end, it ends with a message, and never with a traceback."""

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.patience import PATIENCE
from support.processes import signalled
from support.run_etl import COMMAND, environment

from etl.runtime import signals

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("signal_number", signals.ENDING)
@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.2])
def test_a_signal_while_modules_are_loaded_is_answered(signal_number: signal.Signals, seconds: float) -> None:
    assert signalled(signal_number, seconds) == (128 + signal_number, f"{signals.STOPPED}\n")


def test_the_end_of_a_terminal_does_not_end_what_is_to_outlive_it(tmp_path: Path) -> None:
    # As `nohup` starts it: the signal is ignored, and stays so.
    code = """
import os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
import etl.__main__
os.kill(os.getpid(), signal.SIGHUP)
sys.argv = ["etl", "labels"]
etl.__main__.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        cwd=tmp_path,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_worker_that_is_ended_while_it_loads_modules_says_nothing(tmp_path: Path) -> None:
    # It loads the module that its parent has run, and with it this handler.
    (tmp_path / "program.py").write_text(
        """
import multiprocessing, os, signal
import etl.__main__

def end():
    os.kill(os.getpid(), signal.SIGTERM)

if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=end)
    worker.start()
    worker.join()
    print(worker.exitcode)
""",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py"],
        capture_output=True,
        text=True,
        env=environment(PYTHONPATH=str(ROOT)),
        check=True,
    )
    assert (done.stdout, done.stderr) == (f"{-signal.SIGTERM}\n", "")


def test_a_wish_that_is_told_twice_is_one(tmp_path: Path) -> None:
    # A shell and the kernel both send SIGHUP; the second must not disturb the cleaning up.
    code = """
import os, signal, sys
from etl.runtime import signals
signals.end_like_interrupt()
try:
    os.kill(os.getpid(), signal.SIGHUP)
finally:
    os.kill(os.getpid(), signal.SIGTERM)
    print("cleaned up", signals.exit_code(), flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "cleaned up 129\n"


def test_a_signal_that_comes_while_something_is_collected_is_not_lost() -> None:
    # Python shows what is raised there, with a traceback, and goes on.
    code = """
import signal, weakref
from etl.runtime import signals
signals.end_like_interrupt()
thing = type("Thing", (), {})()
collected = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGTERM))
try:
    del thing
    signal.pause()  # until a signal is handled
except KeyboardInterrupt:
    print(signals.exit_code())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.stdout, done.stderr) == ("143\n", "")


def test_an_error_that_a_library_makes_of_a_signal_is_no_defect() -> None:
    code = """
import signal, sys
import etl.__main__, etl.schema.taxonomy

def load(_name):
    try:
        signal.raise_signal(signal.SIGTERM)
    except KeyboardInterrupt as error:
        raise RuntimeError("it could not be done") from error

etl.schema.taxonomy.load = load
sys.argv = ["etl", "labels"]
etl.__main__.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False
    )
    assert (done.returncode, done.stderr) == (143, f"{signals.STOPPED}\n")


def test_both_ways_to_start_it_answer_signals_first() -> None:
    assert COMMAND[1:] == ["-m", "etl"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"etl": "etl.__main__:main"}


CAUGHT = """
import sys
from etl.runtime import signals
try:
    exec("raise KeyboardInterrupt")
except KeyboardInterrupt:
    signals.forget_interrupt()
sys.exit(7)
"""


def test_an_interrupt_while_a_string_is_evaluated_leaves_the_exit_code_alone(tmp_path: Path) -> None:
    # As dataclasses do while modules are loaded; Python would kill itself with SIGINT.
    (tmp_path / "caught.py").write_text(CAUGHT, encoding="utf-8")
    env = environment(PYTHONPATH=f"{ROOT}:{tmp_path}")
    assert (
        subprocess.run([sys.executable, "-m", "caught"], cwd=tmp_path, env=env, check=False).returncode == 7
    )


def test_a_signal_at_the_very_end_disturbs_nothing() -> None:
    code = """
import etl.__main__, os, signal, sys
sys.argv = ["etl", "--version"]
try:
    etl.__main__.main()
finally:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(os.getpid(), number)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_block_that_installs_handlers_delays_a_signal_and_leaves_ours() -> None:
    code = """
import os, signal, sys
from etl.runtime import signals
signals.end_like_interrupt()
try:
    with signals.delayed:
        os.kill(os.getpid(), signal.SIGTERM)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("another's"))
        print("whole", flush=True)
except KeyboardInterrupt:
    print(signals.exit_code())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "whole\n143\n"
