"""Mails as Outlook saves them, which a test makes for itself: compound files of MAPI properties."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

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
