from pathlib import Path

import pytest
from support.run_etl import TABLE, environment, etl, etl_process, explained, succeeded

RAY = ["--engine", "ray"]


def digests(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.cluster
def test_a_ray_that_is_started_for_the_run_makes_the_same_dataset(
    table: Path, dataset: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    # Else the workers of Ray give way to all other tests.
    env = environment(RAY_worker_niceness="0")
    run = succeeded(etl_process("ingest", *TABLE, table, "--out", tmp_path / "d", *RAY, env=env))
    assert "note: 1 worker on 1 node ready" in run.stderr
    assert digests(tmp_path / "d") == digests(dataset)


def test_where_ray_is_not_installed_the_extra_is_named(table: Path, tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ModuleNotFoundError('No module named ray', name='ray')")
    run = etl_process(
        "ingest", table, *TABLE, *RAY, "--out", tmp_path / "d", env=environment(PYTHONPATH=str(tmp_path))
    )
    assert "pip install 'korean-emotion-etl[ray]'" in explained(run, 2)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("command", ["ingest", "build-vocab"])
def test_an_address_needs_the_engine_it_belongs_to(command: str, dataset: Path, tmp_path: Path) -> None:
    out = ["--out", tmp_path / "d"] if command == "ingest" else []
    assert "add `--engine ray`" in explained(etl(command, dataset, *out, "--address", "head:6379"), 2)
