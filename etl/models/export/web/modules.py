"""The modules of `runtime/` as one script, which a page can hold and `file://` can open.

A page from the disk may not import other files. So the modules are put one after another, each behind what
it imports, without their import lines and the word `export`: their top-level names are unique.
"""

from __future__ import annotations

import re
from pathlib import Path

RUNTIME, PAGE = (Path(__file__).parent / name for name in ("runtime", "page"))
_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?function|const|class)", re.MULTILINE)


def join_modules(start: Path) -> str:
    """Returns the script of a module and of all that it imports.

    Raises:
        ValueError: modules import each other.
    """
    return "\n".join(_join(start.resolve(), [], []))


def _join(module: Path, done: list[Path], open_ones: list[Path]) -> list[str]:
    if module in open_ones:
        raise ValueError(f"{module.name} imports itself, by way of {open_ones[-1].name}")
    if module in done:
        return []
    source, scripts = module.read_text(encoding="utf-8"), []
    for name in _IMPORT.findall(source):
        scripts += _join((module.parent / name).resolve(), done, [*open_ones, module])
    done.append(module)
    return [*scripts, _EXPORT.sub("", _IMPORT.sub("", source)).strip() + "\n"]
