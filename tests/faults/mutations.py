"""Makes odd files of good ones: cut, spliced, coded, named or nested as none should be, as a seed says.

Nothing here is made to hurt outside software: mutations are small and structural. `odd_files` reads them.
"""

from __future__ import annotations

import codecs
import io
import re
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from etl.ingestion.sources.raw import DAMAGE_ERRORS
from faults.readers import Reader

Mutation = Callable[[bytes, Random], bytes]

_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-8-sig",
    "cp949",
    "johab",
    "iso2022_kr",
    "utf-7",
    "latin-1",
    "utf-32",
)
_TEXTS = (
    b"\0",
    codecs.BOM_UTF8,
    b"\xed\xa0\x80",  # half a surrogate pair, which is no UTF-8
    b"\\ud800",
    b"\xff",
    b"\xb0",  # half a letter of cp949
    b'"',
    b"\r",
    b"\r\n",
    b"\x0b\x0c\x1c\x85",
    "\u2028\u3164\u202e".encode(),
    b"\x1b[31m",
    b"9" * 400,
    b"1e999",
    b"[" * 300,
    b'{"a":' * 300,
    b"<div>" * 300,
    b",;|\t",
    b"{}",
    b"NaN",
)
_NAMES = (
    "../rows.csv",
    "/rows.csv",
    "",
    "a\\b.csv",
    "a" * 300 + ".csv",
    "rows.csv/",
    "가\u0301.csv",
    "C:rows.csv",
)
_ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".xlsx", ".xls", ".parquet")


def _place(content: bytes, random: Random) -> int:
    return random.randrange(len(content) + 1)


def cut(content: bytes, random: Random) -> bytes:
    """Cut off, here or there."""
    return content[: _place(content, random)]


def hollow(content: bytes, random: Random) -> bytes:
    """A piece is missing, or is zeros."""
    start = _place(content, random)
    gap = random.choice([b"", bytes(random.randrange(1, 64))])
    return content[:start] + gap + content[start + random.randrange(1, 64) :]


def flipped(content: bytes, random: Random) -> bytes:
    """Some bits are wrong."""
    bits = bytearray(content)
    for _ in range(random.randrange(1, 9) if bits else 0):
        bits[random.randrange(len(bits))] ^= 1 << random.randrange(8)
    return bytes(bits)


def doubled(content: bytes, random: Random) -> bytes:
    """It stands twice, one behind the other."""
    return content + random.choice([b"", b"\n"]) + content


def spliced(content: bytes, random: Random) -> bytes:
    """It goes on, or begins, as a file of another form."""
    other = random.choice(
        [b"%PDF-1.7\n", b"PK\x03\x04" + bytes(30), b"PAR1", b"\x89PNG\r\n\x1a\n", b"<html>", b"From a\n"]
    )
    return random.choice([other + content, content[: _place(content, random)] + other])


def coded(content: bytes, random: Random) -> bytes:
    """A text in another encoding."""
    return content.decode("utf-8", "replace").encode(random.choice(_ENCODINGS), "replace")


def ended(content: bytes, random: Random) -> bytes:
    """A text whose lines end otherwise, some of them, or all."""
    lines = re.split(rb"\r\n|\n", content)
    if random.random() < 0.5:
        return random.choice([b"\r", b"\r\n", b"\n\n", b"\n\r"]).join(lines)
    return b"".join(line + random.choice([b"\r", b"\r\n", b"\n"]) for line in lines)


def inserted(content: bytes, random: Random) -> bytes:
    """A text with something that stands in none."""
    for _ in range(random.randrange(1, 4)):
        at = _place(content, random)
        content = content[:at] + random.choice(_TEXTS) + content[at:]
    return content


def shuffled(content: bytes, random: Random) -> bytes:
    """A text whose lines are missing, doubled, or in another order; maybe only its header is left."""
    lines = content.splitlines(keepends=True)
    if random.random() < 0.3:
        return b"".join(lines[:1])
    return b"".join(random.choices(lines, k=len(lines))) if lines else content


def renamed_keys(content: bytes, random: Random) -> bytes:
    """A name, such as that of a column or a key, stands in the place of another."""
    words = [*set(re.findall(rb"[\w\x80-\xff-]{2,20}", content))]
    if len(words) < 2:
        return content
    old, new = random.sample(sorted(words), 2)
    return content.replace(old, new, random.randrange(1, 4))


def long_line(content: bytes, random: Random) -> bytes:
    """A cell that is longer than any."""
    at = _place(content, random)
    return content[:at] + "가".encode() * 1_000_100 + content[at:]


def repacked(content: bytes, random: Random) -> bytes:
    """A zip of which a member is odd, gone, doubled, or called as none should be; of another file a cut."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (*DAMAGE_ERRORS, ValueError):
        return cut(content, random)
    if not members:
        return cut(content, random)
    at = random.randrange(len(members))
    name, inner = members[at]
    match random.randrange(4):
        case 0:
            members[at] = (name, random.choice([*TEXT, *BYTES])(inner, random))
        case 1:
            members[at] = (random.choice(_NAMES), inner)
        case 2:
            del members[at]
        case _:
            members.append((name, flipped(inner, random)))
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, inner in members:
            archive.writestr(zipfile.ZipInfo(name or "."), inner)
    return packed.getvalue()


BYTES: tuple[Mutation, ...] = (cut, hollow, flipped, doubled, spliced)
TEXT: tuple[Mutation, ...] = (coded, ended, inserted, shuffled, renamed_keys)
MUTATIONS: tuple[Mutation, ...] = (*BYTES, *TEXT, repacked, repacked, long_line)


def write_odd(reader: Reader, folder: Path, random: Random) -> tuple[Path, str]:
    """Writes an odd file of a reader; returns what is to be read, and what was done to it."""
    path = reader.write(folder)
    files = sorted(file for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())
    file = random.choice(files)
    content, done = file.read_bytes(), []
    for _ in range(random.choice([1, 1, 2])):
        mutation = random.choice(MUTATIONS)
        content = mutation(content, random)
        done.append(mutation.__name__)
    file.write_bytes(content)
    if random.random() < 0.1:
        ending = random.choice(_ENDINGS)
        renamed = file.rename(file.with_name(f"odd{ending}"))
        path = renamed if path == file else path
        done.append(f"called {ending}")
    return path, " and ".join(done)
