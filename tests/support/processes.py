"""Which processes run below another one, as Linux tells in /proc."""

from pathlib import Path


def descendants(pid: int) -> set[int]:
    """The processes below one; zombies have ended."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state != "Z":
            parents[int(stat.parent.name)] = int(parent)
    below: set[int] = set()
    level = {pid}
    while level := {child for child, parent in parents.items() if parent in level}:
        below |= level
    return below


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
