r"""The patterns by which Okt cuts an eojeol, restated in `schemas/okt_patterns.yaml`.

They are those of `etl.tagging.okt.dump_patterns`, made short: a class of characters stands once, by a name in
braces; a letter in braces is that letter in either case; and a code of four digits is `~XXXX`.
"""

from __future__ import annotations

import re

from etl.schema import resources

_CLASS = re.compile(r"\[(?:\\U[0-9a-f]{8}|[^\]\\])*\]")
_NAMED = re.compile(r"\{([a-z]\d*)\}")
_LONG, _SHORT = re.compile(r"\\U0000([0-9a-f]{4})"), re.compile("~([0-9a-f]{4})")


def restated() -> list[tuple[str, str]]:
    """The kinds of pieces in the order in which the library searches them, each with its pattern."""
    return restated_of(resources.load("schemas", "okt_patterns.yaml"))


def restated_of(found: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """Undoes `shortened`."""
    classes = found["classes"]

    def written(name: re.Match[str]) -> str:
        letter = name[1]
        return f"[{classes[letter]}]" if letter in classes else f"[{letter.upper()}{letter}]"

    return [
        (kind, _SHORT.sub(r"\\U0000\1", _NAMED.sub(written, pattern)))
        for kind, pattern in found["patterns"].items()
    ]


def shortened(patterns: list[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """What `schemas/okt_patterns.yaml` says of patterns; `restated_of` undoes it."""
    classes: dict[str, str] = {}

    def name(written: re.Match[str]) -> str:
        inside = written[0][1:-1]
        if len(inside) == 2 and inside[0].isalpha() and inside.isascii() and inside[0] == inside[1].upper():
            return f"{{{inside[1]}}}"
        return f"{{{classes.setdefault(inside, f'c{len(classes)}')}}}"

    named = {kind: _LONG.sub(r"~\1", _CLASS.sub(name, pattern)) for kind, pattern in patterns}
    return {
        "classes": {short: _LONG.sub(r"~\1", inside) for inside, short in classes.items()},
        "patterns": named,
    }
