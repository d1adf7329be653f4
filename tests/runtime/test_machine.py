import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import SettingsError
from etl.runtime import machine

MEMINFO = "MemTotal:       16000000 kB\nMemFree:         1000000 kB\nMemAvailable:    8000000 kB\n"


def system(root: Path, files: dict[str, str]) -> Path:
    """A tree with some files of `/proc` and `/sys`."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def test_this_machine_has_memory_and_processors() -> None:
    here = machine.read_memory()
    assert here.total_mb is None or here.total_mb > 100
    assert machine.read_processors().count >= 1


def test_memory_is_told_in_megabytes(tmp_path: Path) -> None:
    here = machine.read_memory(system(tmp_path, {"proc/meminfo": MEMINFO}))
    assert here == machine.Memory(total_mb=16_384, available_mb=8_192, limit_mb=None)


@pytest.mark.parametrize(
    "files",
    [
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "2000000000\n"},
        {"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "2000000000\n"},
        {
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/memory.max": "2000000000\n",
            "sys/fs/cgroup/a/b/memory.max": "max\n",
        },
        {
            "proc/self/cgroup": "0::/a\n",
            "sys/fs/cgroup/memory.max": "2000000000\n",
            "sys/fs/cgroup/a/memory.max": "9000000000\n",
        },
        {
            "proc/self/cgroup": "3:cpu,memory:/host/names/it\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000000000\n",
        },
    ],
)
def test_the_lowest_limit_of_a_container_counts(tmp_path: Path, files: dict[str, str]) -> None:
    here = machine.read_memory(system(tmp_path, {"proc/meminfo": MEMINFO, **files}))
    assert here == machine.Memory(total_mb=16_384, available_mb=2_000, limit_mb=2_000)


@pytest.mark.parametrize("limit", ["max\n", "9223372036854771712\n", "", "odd\n"])
def test_a_limit_that_is_none_is_none(tmp_path: Path, limit: str) -> None:
    files = {
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": "4:memory:/\n0::/\n",
        "sys/fs/cgroup/memory.max": limit,
        "sys/fs/cgroup/memory/memory.limit_in_bytes": limit,
    }
    assert machine.read_memory(system(tmp_path, files)).limit_mb is None


def test_without_proc_the_rest_is_unknown(tmp_path: Path) -> None:
    here = machine.read_memory(tmp_path)
    assert (here.available_mb, here.limit_mb) == (None, None)
    assert machine.read_processors(tmp_path).quota is None


@pytest.mark.parametrize(
    "files",
    [
        {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "50000 100000\n"},
        {
            "proc/self/cgroup": "1:cpu,cpuacct:/\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
    ],
)
def test_a_container_may_fill_half_a_processor(tmp_path: Path, files: dict[str, str]) -> None:
    assert machine.read_processors(system(tmp_path, files)).quota == 0.5


@pytest.mark.parametrize("quota", ["max 100000\n", "-1\n", f"{(os.cpu_count() or 1) * 100_000} 100000\n"])
def test_a_quota_that_limits_nothing_is_none(tmp_path: Path, quota: str) -> None:
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": quota}
    assert machine.read_processors(system(tmp_path, files)).quota is None


@pytest.mark.parametrize(
    ("given_size", "expected"),
    [
        ("2GB", 2 * 10**9),
        ("2 gb", 2 * 10**9),
        ("1.5GiB", 1_610_612_736),
        ("800M", 800 * 10**6),
        ("300000KiB", 300_000 * 1024),
        ("268435456", 268_435_456),
    ],
)
def test_a_memory_limit_is_a_number_with_a_unit(tmp_path: Path, given_size: str, expected: int) -> None:
    assert machine.read_memory_limit(given_size, system(tmp_path, {"proc/meminfo": MEMINFO})) == expected


@given(st.integers(min_value=256, max_value=1_000), st.sampled_from(("MB", "mb", " M", "m")))
def test_every_size_that_the_machine_has_is_a_limit(megabytes: int, unit: str) -> None:
    limit = machine.read_memory_limit(f"{megabytes}{unit}", Path(__file__).parent / "no_such_system")
    assert limit == megabytes * 10**6


@pytest.mark.parametrize(
    "given_size", ["", "GB", "two", "-2GB", "2GG", "2 G B", "1e9", "\u0662GB", "nan", "inf"]
)
def test_what_is_no_size_is_refused(tmp_path: Path, given_size: str) -> None:
    with pytest.raises(SettingsError, match="is no size"):
        machine.read_memory_limit(given_size, tmp_path)


@pytest.mark.parametrize("given_size", ["0", "255MB", "17GB", "999TB"])
def test_a_memory_limit_that_the_machine_cannot_keep_is_refused(tmp_path: Path, given_size: str) -> None:
    with pytest.raises(SettingsError, match=f"--memory {given_size} is out of range"):
        machine.read_memory_limit(given_size, system(tmp_path, {"proc/meminfo": MEMINFO}))


def test_a_container_leaves_half_of_what_it_has_not_used(tmp_path: Path) -> None:
    files = {
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": "4000000000\n",
        "sys/fs/cgroup/memory.current": "3000000000\n",
        "sys/fs/cgroup/memory.stat": "anon 1000000000\ninactive_file 2000000000\n",
    }
    here = system(tmp_path, files)
    assert machine.read_memory(here).available_mb == 3_000
    assert machine.read_memory_limit(None, here) == 1_500 * 10**6
    with pytest.raises(SettingsError, match="out of range"):
        machine.read_memory_limit("5GB", here)


def test_by_default_half_of_what_is_free_is_used(tmp_path: Path) -> None:
    assert machine.read_memory_limit(None, system(tmp_path, {"proc/meminfo": MEMINFO})) == 4_096 * 10**6
    assert machine.read_memory_limit(None, tmp_path / "unknown") > 10**9
