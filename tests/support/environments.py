"""Python environments in which something is missing or broken, and commands that run in them."""

import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from support.run_etl import environment


def without(folder: Path, *packages: str) -> Path:
    """The Python of a new environment with all that is installed here but packages whose names begin so."""
    venv.create(folder, symlinks=True, with_pip=False)
    [site_packages] = folder.glob("lib/python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.lower().startswith(packages) and not (site_packages / path.name).exists():
            (site_packages / path.name).symlink_to(path)
    return folder / "bin" / "python"


def with_package(folder: Path, name: str, code: str) -> dict[str, str]:
    """An environment in which Python finds this package instead of the one that is installed."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(code, encoding="utf-8")
    before = environment().get("PYTHONPATH", "")
    return environment(PYTHONPATH=":".join(filter(None, [str(folder), before])))


@contextmanager
def replaced_package(folder: Path, name: str, code: str) -> Iterator[None]:
    """For the block, this process, and each that it starts to tag, imports this package instead."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text(code, encoding="utf-8")
    with mock.patch.dict(sys.modules), mock.patch.object(sys, "path", [str(folder), *sys.path]):
        for module in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[module]
        yield


def etl_of(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command with another Python."""
    return subprocess.run(
        [python, "-m", "etl", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment(),
        timeout=300,
        check=False,
    )
