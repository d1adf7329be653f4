"""Kills a refresh again and again, at random moments.

PYTHONPATH=tests python -m support.refresh_torture [KILLS] [SEED]

After each kill `current` must be the old or the new version, whole; the next run must succeed, and give the
same bytes as one that nobody disturbed.
"""

import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from etl.storage.versions.local import LocalStore
from support.places import content, job, make, run, start, succeeded, whole, write_rows


def torture(folder: Path, kills: int, seed: int, say: Callable[[str], None]) -> None:
    """Kills so many refreshes below a folder.

    Raises:
        AssertionError: something was lost, or is not whole.
    """
    chance = random.Random(seed)
    made = make(folder / "published")
    old = succeeded(run(made)).version
    undisturbed = folder / "undisturbed"
    shutil.copytree(folder / "published", undisturbed, symlinks=True)
    write_rows(undisturbed / "raw" / "z.jsonl", 300, 340)
    begun = time.monotonic()
    assert start(undisturbed / "etl.yaml").wait() == 0
    seconds = time.monotonic() - begun
    expected, new = content(undisturbed / "place"), LocalStore(undisturbed / "place").current()
    found: list[str] = []
    while len(found) < kills:
        disturbed = folder / "disturbed"
        shutil.rmtree(disturbed, ignore_errors=True)
        shutil.copytree(folder / "published", disturbed, symlinks=True)
        write_rows(disturbed / "raw" / "z.jsonl", 300, 340)
        process = start(disturbed / "etl.yaml")
        # Before that only Python is started; on a busy machine some runs take longer than the first.
        moment = chance.uniform(0.15, 1.5) * seconds
        time.sleep(moment)
        if process.poll() is not None:
            continue  # that was no kill
        process.send_signal(signal.SIGKILL)
        process.communicate()
        current = whole(disturbed / "place")
        assert current in {old, new}, current
        succeeded(run(job(disturbed / "etl.yaml")))
        assert content(disturbed / "place") == expected
        assert not (disturbed / "place" / ".candidate").exists()
        found.append("old" if current == old else "new")
        say(
            f"{len(found)}: killed after {moment:.2f} s of {seconds:.2f}, current was the {found[-1]} version"
        )
    say(f"{kills} kills, none broken: {found.count('old')} × the old version, {found.count('new')} × the new")


if __name__ == "__main__":
    chosen = [int(each) for each in sys.argv[1:]] or [30]
    with tempfile.TemporaryDirectory() as scratch:
        torture(Path(scratch), chosen[0], chosen[1] if len(chosen) > 1 else 1, print)
