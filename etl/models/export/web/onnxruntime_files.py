"""The files of onnxruntime-web, a package of npm, which run a transformer in a browser and in Node.

They are taken from where npm has installed them: nothing is downloaded here.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.errors import SettingsError
from etl.language.message import tr

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
# The build with WebAssembly alone, as one module, and what it runs.
MODULE_FILE, PROGRAM_FILE = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
FILES = (MODULE_FILE, PROGRAM_FILE)
_NODE_MODULES = "node_modules"
_SECONDS = 60


@dataclass(frozen=True)
class OnnxRuntimeWeb:
    """An installed package: the folder with its files, and its version."""

    folder: Path
    version: str

    def copy_files(self, folder: Path) -> None:
        """Copies the files that a model is run with."""
        for name in FILES:
            shutil.copyfile(self.folder / name, folder / name)


def find_onnxruntime_web(named: Path | None = None) -> OnnxRuntimeWeb:
    """Returns the installed onnxruntime-web.

    Args:
        named: a folder `node_modules`, or one that holds it; None: this folder's, and then npm's.

    Raises:
        SettingsError: it is not there.
    """
    searched = []
    for folder in [named] if named else _list_folders():
        for modules in (folder, folder / _NODE_MODULES):
            package = modules / PACKAGE
            if all((package / "dist" / name).is_file() for name in FILES):
                described = json.loads((package / "package.json").read_bytes())
                return OnnxRuntimeWeb(package / "dist", str(described["version"]))
        searched.append(str(folder))
    raise SettingsError(
        tr("an export of a transformer to the web needs {package}", package=PACKAGE),
        details=[
            tr(
                "expected its files in {folder}/{package}, got none in {searched}",
                folder=_NODE_MODULES,
                package=PACKAGE,
                searched=", ".join(searched),
            )
        ],
        cause=tr("It is not installed, or elsewhere: --node-modules DIR names the folder."),
        next_step=f"npm install {PACKAGE}@{VERSION}",
    )


def _list_folders() -> Iterator[Path]:
    """Where npm installs packages: for this folder, and for all."""
    yield Path(_NODE_MODULES)
    npm = shutil.which("npm")
    for options in ((), ("--global",)) if npm else ():
        assert npm is not None
        try:
            done = subprocess.run(  # noqa: S603 - npm of this machine, with options of ours
                [npm, "root", *options], capture_output=True, encoding="utf-8", timeout=_SECONDS, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue
        yield Path(done.stdout.strip())
