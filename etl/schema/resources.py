"""Finds and loads the YAML files of the package: `schemas/` and `data_contracts/`.

In a checkout they stand at the top of the repository, in a wheel inside the package.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from etl.errors import SettingsError
from etl.language.message import tr

_PACKAGE = Path(__file__).parents[1]
_ROOTS = (_PACKAGE / "_knowledge", _PACKAGE.parent)


def path(*parts: str) -> Path:
    """Returns the path of a resource, such as `path("schemas", "emotions", "ko7.yaml")`.

    Raises:
        SettingsError: there is no such resource.
    """
    for root in _ROOTS:
        candidate = root.joinpath(*parts)
        if candidate.exists():
            return candidate
    raise SettingsError(
        tr("{file} is not part of this installation", file="/".join(parts)),
        next_step=tr("check the name, or install the package again"),
    )


def names(*parts: str, suffix: str = ".yaml") -> list[str]:
    """Returns the sorted names, without `suffix`, of the resources in a folder."""
    return sorted(file.name.removesuffix(suffix) for file in path(*parts).glob(f"*{suffix}"))


@cache
def load(*parts: str) -> Any:
    """Decodes a YAML resource. The result is cached and shared: treat it as read-only.

    What users wrote is decoded by `etl.user_files.yaml_text`.
    """
    import yaml

    # Ten times faster than SafeLoader.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path(*parts).read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - it is the safe one
