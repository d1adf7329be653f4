"""Runs an exported module on texts, outside Python: by Node, or else by a browser without a window."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.errors import EtlError, SettingsError
from etl.language.message import tr
from etl.models.export.web.modules import PAGE, RUNTIME, join_modules
from etl.models.export.web.page import MODEL_FILE
from etl.runtime.scratch import temporary_folder

_NODE = ("node", "nodejs")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
SECONDS = 600
_ANSWERS = re.compile(r'<pre id="answers">(.*?)</pre>', re.DOTALL)


@dataclass(frozen=True)
class Engine:
    """What runs JavaScript: its name and version, its program, and whether it is a browser."""

    name: str
    program: str
    is_browser: bool


def find_engine() -> Engine:
    """Returns Node, or else a browser, that is installed.

    Raises:
        SettingsError: neither is.
    """
    for name in (*_NODE, *_BROWSERS):
        program = shutil.which(name)
        if program and (version := _version(program)):
            return Engine(f"{name} {version}", program, name in _BROWSERS)
    raise SettingsError(
        tr("an export to the web needs Node 18 or newer, or Chromium"),
        details=[tr("expected one of node, chromium, google-chrome or microsoft-edge, got none")],
        cause=tr("What is written is run on real sentences first."),
        next_step=tr("install Node, such as with `apt-get install nodejs`, and export again"),
    )


def _version(program: str) -> str:
    """What a program says of itself, or "" if it does not run."""
    try:
        return _run([program, "--version"]).strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def find_browser() -> str | None:
    """Returns the program of a browser that runs without a window, or None."""
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


def run_module(
    engine: Engine, folder: Path, texts: Sequence[str], seconds: int = SECONDS
) -> list[dict[str, Any]]:
    """Classifies texts with an exported folder.

    Args:
        engine: runs it.
        folder: the export.
        texts: in order.
        seconds: the most that it may take.

    Returns:
        For each text `text`, `reason`, `tokens` (the kept ones; None of a model of word pieces), `ids` and
        `probabilities`, in the order of the labels; and `milliseconds`.

    Raises:
        EtlError: the engine cannot run it.
    """
    run = _run_browser if engine.is_browser else _run_node
    try:
        answers: list[dict[str, Any]] = json.loads(run(engine, folder, texts, seconds))
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise EtlError(
            tr("{engine} cannot run the exported module", engine=engine.name),
            details=[str(said).strip()[-2000:]],
            next_step=tr("update Node or the browser, and export again"),
        ) from error
    return answers


def _run_node(engine: Engine, folder: Path, texts: Sequence[str], seconds: int) -> str:
    script = (PAGE / "answers.js").read_text(encoding="utf-8")
    call = (
        'import { readFileSync } from "node:fs";\n'
        f"import {{ classify, encode, labels }} from {json.dumps((folder / 'classifier.js').as_uri())};\n"
        f"{script}\n"
        'process.stdout.write(JSON.stringify(await answer(JSON.parse(readFileSync(0, "utf8")))));\n'
    )
    with temporary_folder("web") as scratch:
        (scratch / "run.mjs").write_text(call, encoding="utf-8")
        command = [engine.program, str(scratch / "run.mjs")]
        return _run(command, json.dumps(list(texts)), seconds)


def _run_browser(engine: Engine, folder: Path, texts: Sequence[str], seconds: int) -> str:
    """Opens a page that writes the answers into itself, and prints it."""
    spelt = json.dumps(list(texts)).replace("<", "\\u003c")
    answers = (PAGE / "answers.js").read_text(encoding="utf-8")
    script = (
        f'{answers}\ndocument.getElementById("answers").textContent = JSON.stringify(await answer({spelt}));'
    )
    with temporary_folder("web") as scratch:
        page = write_page(folder, scratch, script)
        # The time of the page is virtual: it waits for nothing but its own work.
        options = ["--headless", "--disable-gpu", f"--user-data-dir={scratch / 'profile'}", "--dump-dom"]
        options += [f"--virtual-time-budget={seconds * 1000}"]
        if os.name == "posix" and os.geteuid() == 0:
            options.append("--no-sandbox")  # root has none
        printed = _run([engine.program, *options, page.as_uri()], seconds=seconds)
    found = _ANSWERS.search(printed)
    return html.unescape(found[1]) if found else ""


def write_page(folder: Path, scratch: Path, script: str) -> Path:
    """Writes a page for a browser in which `classify`, `encode` and `labels` of an exported folder are known.

    Args:
        folder: the export.
        scratch: where to write the page.
        script: what it does; for its answers it has an element `answers`.

    Returns:
        The page. It is opened from the disk, where no module may be imported: it holds the script itself.
    """
    module = (PAGE / "module.js").read_text(encoding="utf-8").replace("export const", "const")
    parts = [join_modules(RUNTIME / "classify.js"), module, script]
    model = html.escape((folder / MODEL_FILE).as_uri())
    page = scratch / "run.html"
    head = f'<meta charset="utf-8"><pre id="answers"></pre><script src="{model}"></script>'
    page.write_text(f'{head}<script type="module">{chr(10).join(parts)}</script>', encoding="utf-8")
    return page


def _run(command: list[str], given: str = "", seconds: int = SECONDS) -> str:
    done = subprocess.run(  # noqa: S603 - Node or a browser of this machine, on files of ours
        command, input=given, capture_output=True, encoding="utf-8", timeout=seconds, check=True
    )
    return done.stdout
