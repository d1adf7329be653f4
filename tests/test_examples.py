"""Runs the examples, and the Python of docs/python.md and of the README, as a reader would."""

import doctest
import json
import re
import runpy
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = [pytest.mark.training, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PYTHON_BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_blocks(page: Path) -> list[str]:
    return PYTHON_BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with `comments.csv` in it, in which the test runs."""
    shutil.copy(EXAMPLES / "comments.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_route_trains_a_model_that_labels_sentences(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runpy.run_path(str(EXAMPLES / "route.py"))["main"](folder)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("table: 363 read, 360 kept")
    assert lines[-2].startswith("합격해서 정말 기쁘다: 기쁨")
    assert lines[-1].startswith("층간 소음 때문에 진짜 화난다: 분노")


def test_the_notebook_finds_the_leaks_of_a_random_split(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = json.loads((EXAMPLES / "validate_any_table.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in cells] == [[]] * len(cells), "outputs are not committed"
    names: dict[str, object] = {}
    for cell in cells:
        exec("".join(cell["source"]), names)
    assert "leak_exact" in capsys.readouterr().out


def test_the_python_page_shows_what_python_answers(folder: Path) -> None:
    parser, runner, names = doctest.DocTestParser(), doctest.DocTestRunner(), {}
    text = "\n".join(python_blocks(ROOT / "docs" / "python.md"))
    answers: list[str] = []
    runner.run(parser.get_doctest(text, names, "docs/python.md", None, 0), out=answers.append)
    assert runner.tries > 20
    assert answers == []


def test_the_python_page_shows_every_name(folder: Path) -> None:
    import etl

    code = "\n".join(python_blocks(ROOT / "docs" / "python.md"))
    assert [name for name in etl.__all__ if f"etl.{name}" not in code] == []


def test_the_lines_of_the_readme_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [lines] = python_blocks(ROOT / "README.md")
    exec(lines, {})
    assert re.search(r"^기쁨 0\.\d+$", capsys.readouterr().out, re.MULTILINE)
