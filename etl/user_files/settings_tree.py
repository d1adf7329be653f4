"""What YAML takes for something else in an `etl.yaml` becomes what is meant there."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def as_meant(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns the settings of a file with its `off`, its columns, and its paths as they are meant.

    Args:
        tree: what YAML reads.
        folder: that of the file.
    """
    return _with_files_beside(_with_text_in_tables(_with_off_spelt_out(tree)), folder)


def _with_off_spelt_out(tree: dict[str, Any]) -> dict[str, Any]:
    """YAML reads a bare `off` as false."""
    for section, key in (("validate", "severities"), ("refresh", "guards")):
        branch = tree.get(section)
        if isinstance(branch, dict) and isinstance(values := branch.get(key), dict):
            spelt = {code: "off" if value is False else value for code, value in values.items()}
            tree = {**tree, section: {**branch, key: spelt}}
    return tree


def _with_files_beside(tree: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Makes the paths of corrections relative to the folder of `etl.yaml`: a refresh may run anywhere."""
    corrections = tree.get("corrections")
    if not isinstance(corrections, dict) or not isinstance(corrections.get("files"), list):
        return tree
    placed = [str(folder / each) if isinstance(each, str) else each for each in corrections["files"]]
    return {**tree, "corrections": {**corrections, "files": placed}}


def _with_text_in_tables(tree: dict[str, Any]) -> dict[str, Any]:
    """YAML reads the columns and labels 0 and 1 as numbers."""
    return {**tree, **{key: _as_text(tree[key]) for key in ("table", "tables") if key in tree}}


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_text(each) for each in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
