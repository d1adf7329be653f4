"""Keeps README and docs true: commands, links, lists, and the worked example."""

from __future__ import annotations

import inspect
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer
import typer.main
import yaml
from support import warm_cache
from support.pages import INLINE, ROOT, anchors, blocks, prose, text_of

from etl import errors, settings
from etl.cli import app
from etl.runtime import signals
from etl.sample.corpora import write_sample
from etl.schema import contract, row, taxonomy
from etl.validation.rules import load_rules

README, README_KO = ROOT / "README.md", ROOT / "README.ko.md"
TOUR, CORPORA = ROOT / "docs" / "tour.md", ROOT / "docs" / "corpora.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [README, README_KO, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *DOCS]
EXAMPLE = ROOT / "docs" / "adding-a-corpus.md"
# A file that the worked example writes, appends to, or changes.
EXAMPLE_PART = re.compile(
    r"^`([^`]+)`, (new|at the end|changed):\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
COMMAND = typer.main.get_command(app)
COMMANDS = COMMAND.commands  # type: ignore[attr-defined]
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

all_pages = pytest.mark.parametrize("page", PAGES, ids=NAMES)


def shell_lines(text: str) -> Iterator[str]:
    """What a reader would type: lines after `$ ` in console blocks."""
    for language, content in blocks(text):
        assert language != "" and language not in {"bash", "sh"}, (
            "commands stand after `$ ` in a console block"
        )
        for line in content.splitlines():
            if language == "console" and line.startswith("$ "):
                yield line.removeprefix("$ ")


def etl_commands(text: str) -> list[list[str]]:
    words = [shlex.split(line, comments=True) for line in shell_lines(text)]
    return [line[1:] for line in words if line[0] == "etl"]


def parse(arguments: list[str]) -> None:
    """Parses a command line as `etl` would, and runs nothing."""
    # As etl.language.choice, which takes the language out wherever it stands.
    rest = [word for before, word in pairwise(["", *arguments]) if "--lang" not in {before, word}]
    rest = rest[1:] if rest[0] == "--debug" else rest
    command = COMMANDS[rest[0]]
    if hasattr(command, "commands"):
        command, rest = command.commands[rest[1]], rest[1:]
    command.make_context(rest[0], rest[1:])


def table_rows(text: str, first_cell: str) -> list[str]:
    """The lines of Markdown tables whose first cell is this."""
    return [line for line in text.splitlines() if re.match(rf"\|\s*{re.escape(first_cell)}\s*\|", line)]


@all_pages
def test_every_command_in_a_code_block_parses(page: Path) -> None:
    for arguments in etl_commands(text_of(page)):
        try:
            parse(arguments)
        except Exception as error:
            raise AssertionError(f"etl {shlex.join(arguments)}: {error}") from error


def test_a_command_with_an_option_that_is_not_there_would_be_noticed() -> None:
    with pytest.raises(Exception, match="--colour"):
        parse(["validate", "reviews", "--colour", "red"])


@all_pages
def test_commands_and_options_in_the_prose_exist(page: Path) -> None:
    everything = {
        name
        for group in [COMMAND, *COMMANDS.values()]
        for command in [group, *getattr(group, "commands", {}).values()]
        for option in command.params
        for name in (*option.opts, *option.secondary_opts)
    }
    for span in INLINE.findall(prose(text_of(page))):
        words = span.split()
        if words[0] == "etl" and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in {*COMMANDS, "refresh"}, span
        options = [word for word in words if re.fullmatch(r"--[a-z-]+", word)]
        if words[0] in {"etl", *options}:
            assert set(options) <= everything | {"--help"}, span


@all_pages
def test_settings_in_the_examples_can_be_used(page: Path, tmp_path: Path) -> None:
    for language, content in blocks(text_of(page)):
        tree = yaml.safe_load(content) if language == "yaml" else None
        if isinstance(tree, dict) and {*tree} <= {*settings.Settings.__struct_fields__}:
            (tmp_path / "etl.yaml").write_text(content, encoding="utf-8")
            assert load_rules(settings.load(tmp_path / "etl.yaml", {}).validate).by_code


@all_pages
def test_make_targets_exist(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    for target in re.findall(r"`make (\w+)`|^\$ make (\w+)$", text_of(page), re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target


@all_pages
def test_every_relative_link_resolves(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(text_of(page))):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert linked.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(text_of(linked)), target


@all_pages
def test_every_path_of_the_repository_in_the_prose_exists(page: Path) -> None:
    for span in INLINE.findall(prose(text_of(page))):
        is_path = re.fullmatch(r"(etl|schemas|data_contracts|tests|docs)/[\w./-]*", span)
        if is_path and page != EXAMPLE:
            assert (ROOT / span).exists(), span


def test_every_reason_is_explained() -> None:
    page = text_of(ROOT / "docs" / "dataset.md")
    listed = re.findall(
        r"^\| `(\w+)` \|", page.partition("\n## Reasons")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert listed == list(row.reasons())


def test_every_column_is_explained_in_order() -> None:
    page = text_of(ROOT / "docs" / "dataset.md")
    listed = re.findall(
        r"^\| `(\w+)` \|", page.partition("\n## Columns")[2].partition("\n## ")[0], re.MULTILINE
    )
    assert listed == [column["name"] for column in row.column_specs()]


def test_every_finding_is_listed_with_its_severity() -> None:
    page = text_of(ROOT / "docs" / "dataset.md")
    for code, rule in load_rules().by_code.items():
        [line] = table_rows(page, rule.area)
        cells = dict(zip(("error", "warning", "note"), line.split("|")[2:], strict=False))
        assert f"`{code}`" in cells[rule.severity], code


def test_every_exit_code_is_explained() -> None:
    page = text_of(ROOT / "docs" / "operations.md")
    raised = {
        each.exit_code
        for _, each in inspect.getmembers(errors, inspect.isclass)
        if issubclass(each, errors.EtlError)
    }
    for code in {0, *(128 + number for number in signals.ENDING), *raised}:
        assert len(table_rows(page, str(code))) == 1, code


def test_every_corpus_is_in_each_table_of_corpora() -> None:
    for page in (README, README_KO, CORPORA):
        assert [slug for slug in contract.slugs() if len(table_rows(text_of(page), f"`{slug}`")) != 1] == []


def test_every_extra_is_explained() -> None:
    extras = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["optional-dependencies"]
    page = text_of(ROOT / "docs" / "install.md")
    assert [name for name in extras if name != "dev" and f"`{name}`" not in page] == []


def test_the_reference_of_the_command_line_is_what_the_commands_say() -> None:
    path = ROOT / "docs" / "cli_reference.py"
    reference = runpy.run_path(str(path))["reference"]
    assert text_of(path.with_name("cli.md")) == reference(), "run: python docs/cli_reference.py"


def test_the_workflow_calls_what_is_there_on_the_pythons_that_are_promised() -> None:
    jobs = yaml.safe_load(text_of(ROOT / ".github" / "workflows" / "ci.yml"))["jobs"]
    calls = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert calls == ["make check", ".ci/run"]
    assert re.search(r"^check:", text_of(ROOT / "Makefile"), re.MULTILINE)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    assert project["requires-python"] == ">=" + jobs["check"]["strategy"]["matrix"]["python"][0]


def test_issue_forms_ask_each_thing_once() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 3
    for form in map(yaml.safe_load, map(text_of, forms)):
        ids = [part["id"] for part in form["body"] if part["type"] != "markdown"]
        assert form["name"] and form["description"] and ids and len(ids) == len(set(ids))


def test_the_hooks_call_what_the_project_installs() -> None:
    [ours, _] = yaml.safe_load(text_of(ROOT / ".pre-commit-config.yaml"))["repos"]
    programs = re.findall(r"\.venv-lint/bin/([\w-]+)", " ".join(hook["entry"] for hook in ours["hooks"]))
    linters = tomllib.loads(text_of(ROOT / "pyproject.toml"))["dependency-groups"]["lint"]
    assert len(programs) == len(ours["hooks"])
    assert {*programs} - {"python"} <= {name.partition(">")[0] for name in linters}


def test_the_classes_of_the_style_guide_exist() -> None:
    classes = set(
        re.findall(r"^class (\w+)", "".join(map(text_of, (ROOT / "etl").rglob("*.py"))), re.MULTILINE)
    )
    table = text_of(ROOT / "docs" / "style.md").partition("\n## Variables")[2].partition("\n## ")[0]
    named = re.findall(r"\| `([A-Z]\w+)` \| `(\w+)`", table)
    assert len(named) > 10
    assert {name for name, _ in named} <= classes
    assert [variable for name, variable in named if variable != name.lower()] == []


def test_the_architecture_lists_the_layers_and_every_room() -> None:
    page = text_of(ROOT / "docs" / "architecture.md").partition("\n## The rooms and their layers")[2]
    [contract, _] = tomllib.loads(text_of(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    assert blocks(page)[0][1].splitlines() == contract["layers"]
    modules = {path.stem for path in (ROOT / "etl").glob("[!_]*") if path.suffix == ".py" or path.is_dir()}
    assert sorted(re.findall(r"^\| \[(\w+)(?:/|\.py)\]", page, re.MULTILINE)) == sorted(modules)


def test_a_reader_in_a_hurry_is_done_soon() -> None:
    assert [page.name for page in (README, README_KO) if len(text_of(page).splitlines()) > 130] == []


def test_the_table_of_taxonomies_counts_what_they_map() -> None:
    page = text_of(ROOT / "docs" / "labels.md")
    names = ["ko7", "native11", "dialogue6", "polarity3", "hate", "kote44"]
    assert sorted(names) == taxonomy.shipped()
    for slug in taxonomy.corpora():
        maps = [taxonomy.load(name).maps[slug] for name in names]
        counts = [len(maps[0]), *(sum(to is not None for to in each.values()) for each in maps)]
        [line] = table_rows(page, f"`{slug}`")
        assert [int(cell) for cell in line.split("|")[2:-1]] == counts, slug
    for name in names:
        assert ", ".join(taxonomy.load(name).targets) in page


def test_the_counts_of_the_demo_are_those_of_the_sample(tmp_path: Path) -> None:
    truth = write_sample(tmp_path / "raw")["sources"]
    counts = {
        slug: {"read": each["read"], "kept": each["kept"], **each["rejected"]} for slug, each in truth.items()
    }
    drawn = next(content for language, content in blocks(text_of(TOUR)) if "aihub-dialogue" in content)
    header, *lines = [
        [cell.strip() for cell in line[1:-1].split(line[0])]
        for line in drawn.partition("└")[0].splitlines()
        if line[0] in "┃│"
    ]
    shown = {
        slug: {name: int(cells[index]) for name, *cells in lines if int(cells[index])}
        for index, slug in enumerate(header[1:-1])
    }
    assert shown == counts
    assert all(sum(map(int, numbers[:-1])) == int(numbers[-1].replace(",", "")) for _, *numbers in lines)


def test_pictures_are_small() -> None:
    pictures = {path.name: path.stat().st_size for path in (ROOT / "docs").glob("*.png")}
    assert len(pictures) >= 4
    assert {name: size for name, size in pictures.items() if size > 300_000} == {}


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to which the corpus of docs/adding-a-corpus.md is added as the page says."""
    folder = tmp_path_factory.mktemp("repository")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name in ("etl", "schemas", "data_contracts", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    parts = EXAMPLE_PART.findall(text_of(EXAMPLE))
    assert len(parts) == 14
    for path, how, content in parts:
        apply(folder / path, how, content)
    warm_cache.share_with(folder)
    return folder


def apply(path: Path, how: str, content: str) -> None:
    """Does to a file what the page says: writes it, appends to it, or changes it by a diff of whole lines."""
    if how == "new":
        assert not path.exists(), path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return
    text = text_of(path)
    if how == "at the end":
        path.write_text(f"{text}\n{content}", encoding="utf-8")
        return
    for hunk in content.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] != "+")
        new = "".join(line[1:] for line in lines if line[0] != "-")
        assert old in text, f"{path.name} has no lines\n{old}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def run_in(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a module of Python on the copied code."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=copy,
        env={**outside, "PYTHONPATH": str(copy), "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_the_tests_of_the_repository_accept_the_example_corpus(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [
        f"tests/{name}.py"
        for name in (
            "test_architecture",
            "schema/test_taxonomy",
            "schema/test_contract",
            "ingestion/sources/test_corpora",
        )
    ]
    chosen = "mood-diary or not become_the_expected_rows"  # those of the other corpora are run elsewhere
    monkeypatch.setenv("ETL_TESTS_SHARE_CACHE", "1")
    done = run_in(copy, "pytest", "-vv", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", chosen, *files)
    assert done.returncode == 0, done.stdout
    assert "[mood-diary/diary] PASSED" in done.stdout


@pytest.mark.slow
def test_the_example_adapter_passes_ruff(copy: Path) -> None:
    pytest.importorskip("ruff")
    for command in (["check"], ["format", "--check"]):
        done = run_in(copy, "ruff", *command, "--no-cache", "etl/ingestion/sources/mood_diary.py")
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_example_rows_are_read_kept_and_rejected_as_shown(copy: Path) -> None:
    [file] = yaml.safe_load(text_of(copy / "tests/data/mood-diary/diary.yaml"))["files"]
    (copy / "downloads").mkdir()
    content = "".join(f"{line}\n" for line in file["lines"])
    (copy / "downloads" / file["path"]).write_bytes(content.encode(file["encoding"]))
    for arguments in etl_commands(text_of(EXAMPLE)):
        done = run_in(copy, "etl", *arguments)
        assert done.returncode == 0, done.stderr
        if arguments[0] == "ingest" and "--dry-run" not in arguments:
            shown = next(content for _, content in blocks(text_of(EXAMPLE)) if "┏" in content)
            drawn = [line for line in shown.splitlines() if line[0] in "┏┃┡│└"]
            assert "\n".join(drawn) in done.stdout
