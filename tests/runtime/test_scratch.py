"""What a run makes for itself goes with it, or with the next run if it is killed."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from support.each_step import interrupt_at_each_step

from etl.runtime.files import write_atomic
from etl.runtime.scratch import remove_leftovers, scratch_path, temporary_folder

MAKE = """
import sys
import tempfile
from pathlib import Path
from etl.runtime.scratch import scratch_path
with scratch_path(Path(sys.argv[1])) as path:
    path.write_text("half")
    print(path, flush=True)
    input()
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_left_whether_it_was_renamed_or_not(tmp_path: Path) -> None:
    with scratch_path(tmp_path / "file") as path:
        path.write_text("content")
        path.replace(tmp_path / "file")
    with scratch_path(tmp_path / "file") as path:
        path.mkdir()
        (path / "more").touch()
    assert names(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "content"


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), scratch_path(tmp_path / "file") as path:
        path.write_text("half")
        raise KeyboardInterrupt
    assert names(tmp_path) == []


def test_nothing_is_left_whenever_a_signal_comes(tmp_path: Path) -> None:
    def run() -> None:
        with scratch_path(tmp_path / "folder") as path:
            path.mkdir()
            (path / "more").touch()

    def check(_is_stopped: bool) -> None:
        assert names(tmp_path) == []

    assert interrupt_at_each_step(run, check) > 100


# Names that a pattern would take for something else.
@pytest.mark.parametrize("name", ["manifest.json", "[감정]ds*"])
def test_what_a_killed_process_left_goes_with_the_next_and_not_while_it_lives(
    tmp_path: Path, name: str
) -> None:
    command = [sys.executable, "-c", MAKE, tmp_path / name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        made = Path(process.stdout.readline().rstrip("\n"))
        remove_leftovers(tmp_path / name)
        assert made.read_text() == "half"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert made.exists()
    write_atomic(tmp_path / name, "whole")
    assert names(tmp_path) == [name]


def test_leftovers_of_earlier_releases_go_too(tmp_path: Path) -> None:
    (tmp_path / ".manifest.json.partial-4711").write_text("half")
    (tmp_path / ".other.partial-4711").write_text("not ours to remove")
    write_atomic(tmp_path / "manifest.json", "{}")
    assert names(tmp_path) == [".other.partial-4711", "manifest.json"]


def test_a_temporary_folder_is_this_users_alone_and_goes_with_the_next_if_its_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder("words") as left:
        left.with_name(f"{left.name}.lock").unlink()  # as if its process had been killed
        with temporary_folder("words") as folder:
            assert names(tmp_path) == [folder.name, f"{folder.name}.lock"]
            assert folder.stat().st_mode & 0o777 == 0o700
    assert names(tmp_path) == []
