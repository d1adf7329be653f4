"""Memory and processors that this process may use, with the limits of a container.

Reads `/proc` and `/sys/fs/cgroup` on Linux (control groups version 1 and 2, see cgroups(7)); on other systems
only what Python knows, and None for the rest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl.errors import SettingsError
from etl.language.message import tr

_ROOT = Path("/")
_MEGABYTE = 10**6
_UNITS = {
    f"{prefix}{suffix}": base**power
    for power, prefix in enumerate(("", "k", "m", "g", "t"))
    for suffix, base in (("", 1000), ("b", 1000), ("ib", 1024))
}
_LEAST_MB = 256  # below it is the interpreter with its libraries, not the data
_UNKNOWN_MB = 4_000  # what a machine that tells nothing is taken to have free
_NEAR = 0.7  # of a limit; what is asked for at once, for a thread or a heap, may be the rest


@dataclass(frozen=True)
class Memory:
    """Memory in MB (10^6 bytes); None: not known, or no limit.

    Args:
        total_mb: memory of the machine.
        available_mb: free for new processes without swapping; at most the limit.
        limit_mb: limit of the container.
    """

    total_mb: int | None
    available_mb: int | None
    limit_mb: int | None


@dataclass(frozen=True)
class Processors:
    """Processors of this process.

    Args:
        count: number of processors that it may run on.
        quota: number of processors whose time it may use in total; None: no limit by a container.
    """

    count: int
    quota: float | None


def read_memory(root: Path = _ROOT) -> Memory:
    """Returns the memory of the machine; `root` is the folder of its `/proc` and `/sys`."""
    total, available = _read_meminfo(root)
    limits = {
        path: _read_number(path)
        for path in _limit_files(root, "memory", "memory.max", "memory.limit_in_bytes")
    }
    # Version 1 expresses "no limit" as a number larger than all memory.
    real = {path: size for path, size in limits.items() if size is not None and (not total or size < total)}
    if available is not None:
        left = [max(0, size - _read_group_usage(path.parent)) for path, size in real.items()]
        available = min([available, *left])
    sizes = total, available, min(real.values(), default=None)
    return Memory(*(None if size is None else size // _MEGABYTE for size in sizes))


def read_memory_limit(given: str | None = None, root: Path = _ROOT) -> int:
    """Returns how many bytes of memory a run may use.

    Args:
        given: a size such as `2GB`, `1.5 GiB` or `800M`; without a unit in bytes. Decimal prefixes are powers
            of 1000, binary ones (`GiB`) of 1024. None: half of what is free, of a container what its limit
            leaves.
        root: the folder of the machine's `/proc` and `/sys`.

    Raises:
        SettingsError: `given` is no size, less than 256 MB, or more than the machine or container has.
    """
    here = read_memory(root)
    if given is None:
        free = here.available_mb if here.available_mb is not None else _UNKNOWN_MB
        return max(_LEAST_MB, free // 2) * _MEGABYTE
    size = _parse_size(given)
    most = min((mb for mb in (here.total_mb, here.limit_mb) if mb is not None), default=None)
    if size < _LEAST_MB * _MEGABYTE or (most is not None and size > most * _MEGABYTE):
        expected = (
            tr("expected from {least} MB", least=_LEAST_MB)
            if most is None
            else tr("expected from {least} MB to the {most:,} MB that there are", least=_LEAST_MB, most=most)
        )
        raise SettingsError(
            tr("--memory {given} is out of range", given=given),
            details=[expected],
            next_step=tr("leave out --memory: half of what is free is used"),
        )
    return size


def _parse_size(given: str) -> int:
    """Returns the bytes of `2GB`, `1.5 GiB`, `800M`."""
    parts = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([a-z]{0,3})", given.strip().lower(), re.ASCII)
    if parts is None or parts[2] not in _UNITS:
        raise SettingsError(
            tr("--memory {given!r} is no size", given=given),
            details=[tr("expected a number and a unit: KB, MB, GB, TB, KiB, MiB, GiB or TiB")],
            next_step=tr("write it like --memory 2GB"),
        )
    return int(float(parts[1]) * _UNITS[parts[2]])


def read_address_limit_mb() -> int | None:
    """Returns the limit on the address space of this process (`ulimit -v`); None: no limit, or not known."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft // _MEGABYTE


def is_address_space_used_up(root: Path = _ROOT) -> bool:
    """Whether this process has come near the limit on its address space; never where there is none."""
    limit = read_address_limit_mb()
    if limit is None:
        return False
    lines = dict(line.partition(":")[::2] for line in _read_lines(root / "proc" / "self" / "status"))
    peak = lines.get("VmPeak", "").split()
    return bool(peak) and int(peak[0]) * 1024 >= _NEAR * limit * _MEGABYTE


def read_processors(root: Path = _ROOT) -> Processors:
    """Returns the processors of this process; `root` is the folder of `/proc` and `/sys`."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [_read_quota(path) for path in _limit_files(root, "cpu", "cpu.max", "cpu.cfs_quota_us")]
    real = [quota for quota in quotas if quota is not None and quota < count]
    return Processors(count, min(real, default=None))


def _read_meminfo(root: Path) -> tuple[int | None, int | None]:
    """Returns total and available bytes."""
    lines = dict(line.partition(":")[::2] for line in _read_lines(root / "proc" / "meminfo"))
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


def _limit_files(root: Path, controller: str, newer: str, older: str) -> Iterator[Path]:
    """Yields the files with the limits of this process's control group and of all its parents."""
    mounted = root / "sys" / "fs" / "cgroup"
    for line in _read_lines(root / "proc" / "self" / "cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = mounted / controller if controllers else mounted
        own = top / group.strip("/")
        # Inside a container the group may have its name on the host, and not exist here; its parents do.
        for folder in (own, *own.parents):
            if folder.is_relative_to(top):
                yield folder / (older if controllers else newer)


def _read_group_usage(folder: Path) -> int:
    """Returns the bytes that a control group holds, without the file cache that it gives up first."""
    used = _read_number(folder / "memory.current") or _read_number(folder / "memory.usage_in_bytes") or 0
    pairs = (line.split() for line in _read_lines(folder / "memory.stat"))
    stat = {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}
    return max(0, used - stat.get("total_inactive_file", stat.get("inactive_file", 0)))


def _read_number(path: Path) -> int | None:
    [text, *_] = [*_read_lines(path), ""]
    return int(text) if text.isdigit() else None


def _read_quota(path: Path) -> float | None:
    """Reads a quota in processors: `200000 100000`, or a number in each of two files; None for `max`, -1."""
    [text, *_] = [*_read_lines(path), ""]
    parts = [*text.split(), *_read_lines(path.with_name("cpu.cfs_period_us"))]
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        return int(parts[0]) / int(parts[1])
    return None


def _read_lines(path: Path) -> list[str]:
    """Returns the lines of a file; none where it does not exist or may not be read."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
