"""The tools of the standards themselves pass what ingest writes for them; in an environment of their own.

They are large, so they are not among the packages for development: `make test-tools` installs them.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.small_tables import ingest, make_rows, write_lines

from etl.dataset import data_contract

ROOT = Path(__file__).parents[2]


def tool(name: str) -> str:
    """The path of a tool in its environment, else a skip."""
    folder = Path(os.environ.get("ETL_TEST_TOOLS", ROOT / ".venv-tools"))
    if not (folder / "bin" / name).is_file():
        pytest.skip(f"no environment with {name}: `make test-tools` makes .venv-tools")
    return str(folder / "bin" / name)


def run(dataset: Path, *command: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command,
        cwd=dataset,
        capture_output=True,
        text=True,
        env={**outside, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with rejects."""
    folder = tmp_path_factory.mktemp("checked")
    rows = make_rows(60)
    ingest(write_lines(folder / "raw" / "table.jsonl", [*rows, *rows[:5]]), out=folder / "dataset")
    assert list((folder / "dataset" / "rejects").iterdir())
    return folder / "dataset"


def test_datacontract_passes_the_contract_of_a_dataset(dataset: Path) -> None:
    done = run(dataset, tool("datacontract"), "test", data_contract.FILE)
    assert done.returncode == 0, done.stdout
    assert "rejects.reason" in done.stdout
    assert "error" not in done.stdout.replace("type_errors", "")


def test_datacontract_finds_a_shard_that_is_gone_or_another(dataset: Path, tmp_path: Path) -> None:
    datacontract = tool("datacontract")
    copy = shutil.copytree(dataset, tmp_path / "dataset")
    shutil.copyfile(next((copy / "rejects").iterdir()), copy / "data" / "train-00001.parquet")
    done = run(copy, datacontract, "test", data_contract.FILE)
    assert done.returncode != 0
    assert "row_count" in done.stdout or "rowCount" in done.stdout, done.stdout


def test_mlcroissant_passes_the_card_of_a_dataset(dataset: Path) -> None:
    done = run(dataset, tool("mlcroissant"), "validate", "--jsonld", "croissant.json")
    assert done.returncode == 0, done.stderr
    assert "Done." in done.stderr
    assert "error" not in done.stderr.lower()
