"""The commands from the first to the last in Korean: no English is left, and programs read the same."""

import filecmp
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from rich.cells import cell_len
from support.run_etl import environment, etl, make_rows, succeeded
from support.small_tables import kept_rows, write_lines

from etl.cli import app

pytestmark = [pytest.mark.training, pytest.mark.slow]

TABLE = ["--text-column", "text", "--label-column", "label", "--tagger", "whitespace", "--workers", "1"]
COMMANDS = [
    *(name for name, one in typer.main.get_command(app).commands.items() if not hasattr(one, "commands")),  # type: ignore[attr-defined]
    "corrections check",
    "corrections export",
    "corrections import",
]
# What stays as it is: code, options, paths, values in quotes, ids; names of other programs and their formats.
KEPT = re.compile(
    r"`[^`]*`|\"[^\"]*\"|'[^']*'|(?:etl|pip|make|python3?) [a-z][^가-힣]*|--?[a-z][\w-]*(?: [A-Z_]+)?|"
    r"\S*[/\\_.=:]\S*|\b[A-Z][\w-]*|[a-z]+\d\w*"
)
ENGLISH = re.compile(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}")


def left_in_english(text: str) -> list[str]:
    """The lines with three words of English side by side that are no code and no list."""
    return [line for line in text.splitlines() if ENGLISH.search(KEPT.sub("|", line))]


def speak(language: str, *words: str | Path) -> str:
    """What a command shows in a language, on both outputs, at 80 columns."""
    run = succeeded(etl(*words, env=environment(ETL_LANG=language, COLUMNS="80")))
    return f"{run.stdout}\n{run.stderr}"


def text_nodes(page: str) -> str:
    """What a reader sees or hears of a page, a line for each piece of text."""
    body = re.sub(r"<(style|script)\b.*?</\1>|<code>.*?</code>", "", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:title|aria-label|alt|data-heading)="([^"]*)"', body)
    return html.unescape("\n".join([*re.split(r"<[^>]*>", body), *spoken]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, dict[str, str]]]:
    """For each language the folder in which the commands have run, and what each has shown."""
    raw = tmp_path_factory.mktemp("raw")
    write_lines(
        raw / "table.jsonl", [*make_rows(120), *kept_rows(0, 5, "기쁨"), *kept_rows(200, 240, "슬픔")]
    )
    return {
        language: (folder, run_all(language, raw / "table.jsonl", folder))
        for language in ("en", "ko")
        for folder in [tmp_path_factory.mktemp(language)]
    }


def run_all(language: str, table: Path, folder: Path) -> dict[str, str]:
    dataset, model = folder / "dataset", folder / "model"
    runs: list[tuple[str, list[str | Path]]] = [
        ("plan", ["ingest", table, *TABLE, "--out", dataset, "--dry-run"]),
        ("ingest", ["ingest", table, *TABLE, "--out", dataset]),
        ("rejects", ["rejects", dataset]),
        ("validate", ["validate", dataset, "--fail-on", "never"]),
        ("build-vocab", ["build-vocab", dataset]),
        ("train-baseline", ["train-baseline", dataset, "--out", model, "--model", "bilstm", "--epochs", "1"]),
        ("predict", ["predict", model, "오늘 정말 좋다", "어제 영화는 싫다"]),
        ("trace", ["trace", dataset, "문장"]),
        ("diff", ["diff", dataset, dataset]),
        ("tokens", ["tokens", "오늘 정말 좋다", "--tagger", "whitespace"]),
        ("sources", ["sources"]),
        ("source", ["sources", "kote"]),
        ("labels", ["labels", "--source", "kote"]),
        ("init", ["init", folder / "etl.yaml"]),
        ("cache", ["cache"]),
    ]
    return {name: speak(language, *words) for name, words in runs}


def test_no_command_says_anything_in_english(made: dict[str, tuple[Path, dict[str, str]]]) -> None:
    _, shown = made["ko"]
    assert {name: left_in_english(text) for name, text in shown.items() if left_in_english(text)} == {}
    assert all(re.search("[가-힣]", text) for text in shown.values())


def test_the_same_commands_still_speak_english(made: dict[str, tuple[Path, dict[str, str]]]) -> None:
    _, shown = made["en"]
    assert sum(len(left_in_english(text)) for text in shown.values()) > 30


@pytest.mark.parametrize("page", ["dataset/validation/report.html", "model/report.html"])
def test_a_report_is_korean_and_one_offline_file(
    made: dict[str, tuple[Path, dict[str, str]]], page: str
) -> None:
    folder, _ = made["ko"]
    content = (folder / page).read_text(encoding="utf-8")
    assert '<html lang="ko">' in content
    assert left_in_english(text_nodes(content)) == []
    assert not re.search(r"(?:src|href)=\"(?!#)", content)
    english = (made["en"][0] / page).read_text(encoding="utf-8")
    assert '<html lang="en">' in english
    assert not re.search("[가-힣]{2,}(?:합니다|입니다)", text_nodes(english))


def test_the_card_and_the_comments_are_korean(made: dict[str, tuple[Path, dict[str, str]]]) -> None:
    folder, _ = made["ko"]
    for name in ("dataset/README.ko.md", "etl.yaml"):
        assert left_in_english((folder / name).read_text(encoding="utf-8")) == [], name


def test_what_programs_read_is_the_same_in_both(made: dict[str, tuple[Path, dict[str, str]]]) -> None:
    korean, english = (made[language][0] for language in ("ko", "en"))
    files = [
        path.relative_to(english).as_posix()
        for folder in ("dataset", "model")
        for path in sorted((english / folder).rglob("*"))
        if path.is_file()
        and path.suffix not in {".html", ".md"}
        and not {"data_docs", "tensorboard"} & {*path.parts}
    ]
    assert len(files) > 10
    for name in files:
        if filecmp.cmp(english / name, korean / name, shallow=False):
            continue
        assert without_times(korean / name) == without_times(english / name), name


def without_times(path: Path) -> object:
    """JSON without what differs between two runs in one language, too: seconds, and paths of the folders."""
    if path.suffix != ".json":
        return path.read_bytes()
    text = re.sub(r"/[^\" ]*/(?:en|ko)0?/", "", path.read_text(encoding="utf-8"))
    return drop_seconds(json.loads(text))


def drop_seconds(tree: object) -> object:
    if isinstance(tree, dict):
        return {key: drop_seconds(value) for key, value in tree.items() if "seconds" not in key}
    return [drop_seconds(each) for each in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_is_korean(command: str) -> None:
    shown = speak("ko", *command.split(), "--help")
    assert "사용법: etl" in shown
    assert left_in_english(shown) == []
    assert not re.search("<(?:int|float|str|path)", shown)
    assert {cell_len(line.rstrip()) for line in _drawn(shown)} <= {80}


def test_help_in_one_language_leaves_that_in_another_as_it_was() -> None:
    english, korean, again = (speak(language, "prune", "--help") for language in ("en", "ko", "en"))
    assert "<정수>" in korean
    assert again == english


def _drawn(shown: str) -> Iterator[str]:
    """The lines of the panels, all of which are as wide as the terminal."""
    return (line for line in shown.splitlines() if line.startswith(("╭", "│", "╰")))


def test_the_help_of_all_is_korean() -> None:
    shown = speak("ko", "--help")
    assert left_in_english(shown) == []
    assert {cell_len(line.rstrip()) for line in _drawn(shown)} == {80}
