"""What this machine lets a process use: memory and processors, with the limits of a container.

Reads what Linux tells in `/proc` and `/sys/fs/cgroup` (version 2 and 1 of control groups, `man 7 cgroups`);
elsewhere it says what Python knows, and None for the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/")
_MEGABYTE = 10**6


@dataclass(frozen=True)
class Memory:
    """Memory in MB (10^6 bytes); None where it is not known, or where there is no limit.

    Args:
        total_mb: of the machine.
        available_mb: what new processes may take without swapping; never more than the limit.
        limit_mb: of the container.
    """

    total_mb: int | None
    available_mb: int | None
    limit_mb: int | None


@dataclass(frozen=True)
class Processors:
    """Processors of this process.

    Args:
        count: how many it may run on.
        quota: how many of them it may fill, where a container limits that.
    """

    count: int
    quota: float | None


def memory(root: Path = _ROOT) -> Memory:
    """The memory of the machine whose `/proc` and `/sys` stand below `root`."""
    total, available = _memory_of_machine(root)
    limits = [_number(path) for path in _limits(root, "memory", "memory.max", "memory.limit_in_bytes")]
    # Version 1 says "no limit" with a number beyond all memory.
    real = [limit for limit in limits if limit is not None and (total is None or limit < total)]
    limit = min(real, default=None)
    if available is not None and limit is not None:
        available = min(available, limit)
    return Memory(*(None if each is None else each // _MEGABYTE for each in (total, available, limit)))


def processors(root: Path = _ROOT) -> Processors:
    """The processors of the machine whose `/sys` stands below `root`."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [_quota(path) for path in _limits(root, "cpu", "cpu.max", "cpu.cfs_quota_us")]
    real = [quota for quota in quotas if quota is not None and quota < count]
    return Processors(count, min(real, default=None))


def _memory_of_machine(root: Path) -> tuple[int | None, int | None]:
    """Total and available bytes."""
    lines = dict(line.partition(":")[::2] for line in _lines(root / "proc" / "meminfo"))
    if "MemTotal" in lines:
        total, available = (
            int(lines[name].split()[0]) * 1024 if name in lines else None
            for name in ("MemTotal", "MemAvailable")
        )
        return total, available
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), None
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None, None


def _limits(root: Path, controller: str, newer: str, older: str) -> Iterator[Path]:
    """The files with the limits of this process's control group and of all above it."""
    mounted = root / "sys" / "fs" / "cgroup"
    for line in _lines(root / "proc" / "self" / "cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = mounted / controller if controllers else mounted
        own = top / group.strip("/")
        # Inside a container the group may be named as the host sees it, and not be there: its parents are.
        for folder in (own, *own.parents):
            if folder.is_relative_to(top):
                yield folder / (older if controllers else newer)


def _number(path: Path) -> int | None:
    [text, *_] = [*_lines(path), ""]
    return int(text) if text.isdigit() else None


def _quota(path: Path) -> float | None:
    """Processors: `200000 100000` in one file, or two files with one number each; `max` and -1 mean none."""
    [text, *_] = [*_lines(path), ""]
    parts = [*text.split(), *_lines(path.with_name("cpu.cfs_period_us"))]
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        return int(parts[0]) / int(parts[1])
    return None


def _lines(path: Path) -> list[str]:
    """None for a file that is not there or may not be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
