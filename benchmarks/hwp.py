"""Which readers are right on a folder of documents of Hangul: `python -m benchmarks.hwp FOLDER`.

What is right is made from the records and the XML, in `benchmarks/hwp_expected.py`, apart from the reader of
this project. A reader is right on a file if each phrase of the body stands in its text as often as in the
body, whole, in one line, and so does each phrase of what is not body: as a rule never. Readers that are not
installed are left out.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.hwp_expected import Phrases, phrases_of
from etl.documents.file import DocumentFile
from etl.documents.hwp.package import is_hwpx
from etl.documents.hwp.read import read_hwp, read_hwpx
from etl.errors import InputError
from etl.runtime import console

# Shorter ones stand in other words by chance.
_MIN_LETTERS = 4
_SHOWN = 60


def main() -> None:
    """Reads every file once by every reader, and prints a line a file and the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with files .hwp and .hwpx, also in folders")
    files = _distinct(parser.parse_args().folder)
    readers = {name: read for name, read in READERS.items() if importlib.util.find_spec(name)}
    right = dict.fromkeys(((reader, suffix) for reader in readers for suffix in (".hwp", ".hwpx")), 0)
    counted = dict.fromkeys((".hwp", ".hwpx"), 0)
    for path in files:
        file = DocumentFile(path.name, path)
        try:
            expected = phrases_of(file)
        except InputError as error:
            console.line(f"{path.name}: left out, {error.what}")
            continue
        suffix = ".hwpx" if is_hwpx(file) else ".hwp"
        counted[suffix] += 1
        wrong = {reader: _fault(read, path, expected) for reader, read in readers.items()}
        for reader, fault in wrong.items():
            right[reader, suffix] += not fault
        faults = "; ".join(f"{reader}: {fault}" for reader, fault in wrong.items() if fault)
        console.line(f"{path.name}: {len(expected.body):,} phrases{'; ' + faults if faults else ''}")
    console.line(f"| reader | .hwp of {counted['.hwp']} right | .hwpx of {counted['.hwpx']} right |")
    console.line("|---|---:|---:|")
    for reader in readers:
        console.line(f"| {reader} | {right[reader, '.hwp']} | {right[reader, '.hwpx']} |")


def _distinct(folder: Path) -> list[Path]:
    """The files of a folder, each content once."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".hwp", ".hwpx"})
    return list({hashlib.sha256(path.read_bytes()).digest(): path for path in reversed(paths)}.values())[::-1]


def _fault(read: Callable[[Path], str], path: Path, expected: Phrases) -> str:
    """The first phrase that a reader gives too often, too seldom, torn or out of order; or nothing."""
    try:
        text = _normal(read(path).splitlines())
    except Exception as error:  # noqa: BLE001 - readers of others raise what they like
        return f"{type(error).__name__}"
    body, free = _normal(expected.body), _normal(expected.free)
    for phrase in sorted({*_phrases(expected.body), *_phrases(expected.others)}):
        found, wanted = text.count(phrase), body.count(phrase)
        if not wanted <= found <= wanted + free.count(phrase):
            return f"{phrase[:_SHOWN]!r} {found} times, not {wanted}"
    places = [text.find(each) for each in _phrases(expected.outermost) if body.count(each) == 1]
    return "" if places == sorted(places) else "out of order"


def _normal(lines: Iterable[str]) -> str:
    return "\n".join(re.sub(r"[^\w.,!?~%()]+", " ", line).strip() for line in lines)


def _phrases(texts: Iterable[str]) -> list[str]:
    normal = (_normal([text]) for text in texts)
    return [text for text in normal if sum(map(str.isalpha, text)) >= _MIN_LETTERS]


def _ours(path: Path) -> str:
    file = DocumentFile(path.name, path)
    return "\n".join(passage.text for passage in (read_hwpx if is_hwpx(file) else read_hwp)(file))


def _dochan(path: Path) -> str:
    return str(importlib.import_module("dochan").Dochan(str(path), revision_mode="final").to_plain_text())


def _syhwp(path: Path) -> str:
    return str(importlib.import_module("syhwp").extract_text(str(path)))


def _hwp_hwpx_parser(path: Path) -> str:
    with importlib.import_module("hwp_hwpx_parser").Reader(str(path)) as reader:
        return str(reader.extract_text())


def _unhwp(path: Path) -> str:
    return str(importlib.import_module("unhwp").extract_text(str(path)))


READERS = {
    "etl": _ours,
    "dochan": _dochan,
    "syhwp": _syhwp,
    "hwp_hwpx_parser": _hwp_hwpx_parser,
    "unhwp": _unhwp,
}


if __name__ == "__main__":
    main()
