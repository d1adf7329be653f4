"""One at a time: whoever finds the lock taken learns by whom, and a dead holder's lock is free."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.each_step import interrupt_at_each_step
from support.patience import PATIENCE

from etl.errors import LockError, WriteError
from etl.runtime.lock import acquire_lock

HOLD = """
import sys, time
from pathlib import Path
from etl.runtime.lock import acquire_lock
with acquire_lock(Path(sys.argv[1]), 'etl refresh'):
    print('held', flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path: Path, seconds: float = 60) -> subprocess.Popen[str]:
    """A process that holds the lock already."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_who_finds_it_taken_learns_by_whom(tmp_path: Path) -> None:
    with hold(tmp_path / "lock") as holder:
        with pytest.raises(LockError) as caught, acquire_lock(tmp_path / "lock", "etl prune"):
            pass
        assert f"`etl refresh`, process {holder.pid} on " in str(caught.value)
        assert caught.value.exit_code == 5
        holder.kill()


NAME_LATE = """
import fcntl, os, sys, time
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(handle, fcntl.LOCK_EX)
print('held', flush=True)
time.sleep(0.5)
os.pwrite(handle, sys.argv[2].encode(), 0)
time.sleep(float(sys.argv[3]))
"""


@pytest.mark.parametrize(("written", "seconds"), [('{"command": "etl refresh", "pid": 7}', 60), ("", 0)])
def test_who_finds_it_taken_by_one_that_has_not_said_its_name_gives_it_the_time(
    tmp_path: Path, written: str, seconds: float
) -> None:
    command = [sys.executable, "-c", NAME_LATE, str(tmp_path / "lock"), written, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        if written:
            with (
                pytest.raises(LockError, match="`etl refresh`, process 7"),
                acquire_lock(tmp_path / "lock", "x"),
            ):
                pass
        else:  # it ended without a name: the lock is free
            with acquire_lock(tmp_path / "lock", "x"):
                pass
        holder.kill()


def test_it_is_free_again_when_the_block_is_left(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with acquire_lock(tmp_path / "lock", "etl refresh"):
            pass
    with pytest.raises(ValueError, match="stop"), acquire_lock(tmp_path / "lock", "etl refresh"):
        raise ValueError("stop")
    with acquire_lock(tmp_path / "lock", "etl refresh"):
        pass
    assert caplog.messages == []


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with hold(tmp_path / "lock") as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with acquire_lock(tmp_path / "lock", "etl refresh"):
        pass
    assert len(caplog.messages) == 1
    assert f"process {holder.pid}" in caplog.messages[0]
    assert "taken over" in caplog.messages[0]


def test_one_may_wait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with (
        hold(tmp_path / "lock", seconds=1) as holder,
        acquire_lock(tmp_path / "lock", "etl refresh", wait=True),
    ):
        assert holder.wait(timeout=PATIENCE) == 0
    assert len(caplog.messages) == 1
    assert f"waiting for `etl refresh`, process {holder.pid}" in caplog.messages[0]


def test_whatever_stands_in_the_file_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"\xff[not json")
    with acquire_lock(tmp_path / "lock", "etl refresh"):
        pass


def test_a_lock_that_cannot_be_written_is_explained(tmp_path: Path) -> None:
    with (
        pytest.raises(WriteError, match="lock cannot be written"),
        acquire_lock(tmp_path / "no" / "lock", "x"),
    ):
        pass


def test_an_error_inside_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="ours"), acquire_lock(tmp_path / "lock", "etl refresh"):
        raise OSError("ours")


def test_it_is_free_and_its_file_gone_whenever_a_signal_comes(tmp_path: Path) -> None:
    path = tmp_path / "lock"

    def run() -> None:
        with acquire_lock(path, "etl", is_quiet=True, is_temporary=True):
            pass

    def check(_is_stopped: bool) -> None:
        assert not path.exists()

    assert interrupt_at_each_step(run, check) > 20
    run()
