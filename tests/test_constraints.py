"""`constraints.txt` has the version of everything that an installation with all extras brings."""

import tomllib
from importlib import metadata
from itertools import chain
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def test_everything_that_an_extra_brings_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {canonicalize_name(Requirement(line).name) for line in lines if not line.startswith("#")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted: set[tuple[str, frozenset[str]]] = set()
    for line in chain(project["dependencies"], *extras):
        add(Requirement(line), wanted)
    assert len(wanted) > len(project["dependencies"])
    assert {name for name, _ in wanted} - pinned == set()


def add(requirement: Requirement, wanted: set[tuple[str, frozenset[str]]]) -> None:
    """Adds the name and extras of a requirement, and of all that it requires, as far as it is installed."""
    package = (canonicalize_name(requirement.name), frozenset(requirement.extras))
    if package in wanted:
        return
    wanted.add(package)
    try:
        lines = metadata.requires(requirement.name) or []
    except metadata.PackageNotFoundError:
        return
    for each in map(Requirement, lines):
        extras = requirement.extras or {""}
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
            add(each, wanted)
