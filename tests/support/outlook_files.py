"""Mails as Outlook saves them, which a test makes for itself: compound files of MAPI properties."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

_SECTOR, _MINI_SECTOR, _MINI_CUTOFF = 512, 64, 4096
_FREE, _END, _FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_NO_ENTRY = 0xFFFFFFFF
PROPERTIES = "__properties_version1.0"
STRING, STRING8, BINARY = 0x001F, 0x001E, 0x0102


def outlook_mail(
    texts: Mapping[int, str | bytes | tuple[str, str]],
    numbers: Mapping[int, int] | None = None,
    attached: list[Mapping[str, Any]] | None = None,
    *,
    is_embedded: bool = False,
) -> dict[str, Any]:
    """The streams of a mail.

    Args:
        texts: by property; a str in UTF-16, (text, encoding) in a code page, bytes as they are.
        numbers: by property; a date is in units of 100 ns since 1601.
        attached: storages, of `attachment`.
        is_embedded: whether it is attached to another.
    """
    tree: dict[str, Any] = {}
    for number, value in texts.items():
        if isinstance(value, tuple):
            tree[f"__substg1.0_{number:04X}{STRING8:04X}"] = value[0].encode(value[1])
        elif isinstance(value, bytes):
            tree[f"__substg1.0_{number:04X}{BINARY:04X}"] = value
        else:
            tree[f"__substg1.0_{number:04X}{STRING:04X}"] = value.encode("utf-16-le")
    fixed = b"".join(struct.pack("<HHIQ", 3, number, 6, value) for number, value in (numbers or {}).items())
    tree[PROPERTIES] = bytes(24 if is_embedded else 32) + fixed
    for index, each in enumerate(attached or []):
        tree[f"__attach_version1.0_#{index:08X}"] = each
    return tree


def attachment(name: str, content: bytes | dict[str, Any]) -> dict[str, Any]:
    """The storage of an attached file, or of an attached mail."""
    data = "__substg1.0_3701000D" if isinstance(content, dict) else "__substg1.0_37010102"
    return {PROPERTIES: bytes(8), "__substg1.0_3707001F": name.encode("utf-16-le"), data: content}


def compound_file(tree: Mapping[str, Any]) -> bytes:
    """A compound file (MS-CFB, version 3) with these streams (bytes) and storages (mappings)."""
    entries: list[dict[str, Any]] = [{"name": "Root Entry", "kind": 5}]
    _add_children(entries, 0, tree)
    mini, mini_fat = bytearray(), []
    sectors, fat = bytearray(), []
    for entry in entries:
        content = entry.get("content", b"")
        if content and len(content) < _MINI_CUTOFF:
            entry["start"] = _append(mini, mini_fat, content, _MINI_SECTOR)
        elif content:
            entry["start"] = _append(sectors, fat, content, _SECTOR)
    entries[0] |= {"start": _append(sectors, fat, bytes(mini), _SECTOR), "content": bytes(mini)}
    mini_fat_start = _append(sectors, fat, struct.pack(f"<{len(mini_fat)}I", *mini_fat), _SECTOR, 0xFF)
    directory = _append(sectors, fat, b"".join(map(_entry, entries)), _SECTOR)
    n_fat = next(n for n in range(1, 110) if (len(fat) + n) <= n * _SECTOR // 4)
    fat_start = len(fat)
    fat += [_FAT_SECTOR] * n_fat
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(n_fat * _SECTOR, b"\xff")
    places = [*range(fat_start, fat_start + n_fat), *[_FREE] * (109 - n_fat)]
    header = struct.pack(
        "<8s16x5H6x9I109I",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        *(0x3E, 3, 0xFFFE, 9, 6),
        *(0, n_fat, directory, 0, _MINI_CUTOFF, mini_fat_start, -(-len(mini_fat) // 128), _END, 0),
        *places,
    )
    return header + bytes(sectors) + table


def _add_children(entries: list[dict[str, Any]], parent: int, tree: Mapping[str, Any]) -> None:
    """Adds the entries of a storage as a chain of right siblings, in the order of the format."""
    previous = None
    for name in sorted(tree, key=lambda each: (len(each), each.upper())):
        number, value = len(entries), tree[name]
        is_stream = isinstance(value, bytes)
        entries.append({"name": name, "kind": 2 if is_stream else 1, "content": value if is_stream else b""})
        if previous is None:
            entries[parent]["child"] = number
        else:
            entries[previous]["right"] = number
        previous = number
        if not is_stream:
            _add_children(entries, number, value)


def _append(sectors: bytearray, fat: list[int], content: bytes, size: int, filler: int = 0) -> int:
    """Appends content in whole sectors, chained, and returns the first."""
    if not content:
        return _END
    start, count = len(fat), -(-len(content) // size)
    sectors += content.ljust(count * size, bytes([filler]))
    fat += [*range(start + 1, start + count), _END]
    return start


def _entry(entry: Mapping[str, Any]) -> bytes:
    name = entry["name"].encode("utf-16-le")
    return struct.pack(
        "<64sHBB3I36xIQ",
        name,
        len(name) + 2,
        entry["kind"],
        1,
        _NO_ENTRY,
        entry.get("right", _NO_ENTRY),
        entry.get("child", _NO_ENTRY),
        entry.get("start", 0),
        len(entry.get("content", b"")),
    )
