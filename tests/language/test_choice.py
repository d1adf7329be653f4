"""Which language a command speaks."""

import os

import pytest
from support.run_etl import environment, etl, etl_process, explained, succeeded

from etl.language import choice

LOCALES = {"LC_ALL": None, "LC_MESSAGES": None, "LANG": None}


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko"}, "ko"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.EUC-KR"}, "ko"),
        ({"LC_ALL": "C", "LC_MESSAGES": "ko_KR.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"ETL_LANG": "ko", "LC_ALL": "C"}, "ko"),
        ({"ETL_LANG": "en", "LANG": "ko_KR.UTF-8"}, "en"),
        ({"ETL_LANG": "ko_KR.UTF-8"}, "ko"),
        ({"ETL_LANG": "", "LANG": "ko_KR.UTF-8"}, "ko"),
        ({"ETL_LANG": "fr"}, "fr"),
    ],
)
def test_what_the_environment_asks_for(variables: dict[str, str], language: str) -> None:
    assert choice.asked_for(variables) == language


@pytest.mark.parametrize(
    "words",
    [
        ["--lang", "ko", "sources", "none"],
        ["sources", "--lang=ko", "none"],
        ["sources", "none", "--lang", "ko"],
    ],
)
def test_the_option_stands_before_or_after_the_command(words: list[str]) -> None:
    assert "  다음: " in etl(*words, env=environment(ETL_LANG="en")).stderr


def test_the_commands_that_a_command_starts_speak_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_LANG", "en")
    monkeypatch.setenv("LANGUAGE", "en")
    words = ["etl", "predict", "--lang", "ko", "--", "--lang", "en"]
    choice.speak(words)
    assert words == ["etl", "predict", "--", "--lang", "en"]
    assert os.environ["ETL_LANG"] == "ko"
    choice.speak(["etl", "--lang", "en"])


def test_a_korean_locale_is_enough() -> None:
    run = succeeded(etl_process("--help", env=environment(ETL_LANG=None, LC_ALL=None, LANG="ko_KR.UTF-8")))
    assert "사용법: etl" in run.stdout
    assert "옵션" in run.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--lang", "fr", "sources"], "expected en or ko"),
        (["sources", "--lang="], "Option '--lang' requires an argument."),
        (["sources", "--lang"], "Option '--lang' requires an argument."),
    ],
)
def test_a_language_that_nobody_wrote_is_refused(words: list[str], said: str) -> None:
    assert said in explained(etl(*words), 2)


def test_what_is_wrong_with_a_language_is_said_in_that_of_the_locale() -> None:
    run = etl("--lang", "fr", "sources", env=environment(ETL_LANG=None, LC_ALL=None, LANG="ko_KR.UTF-8"))
    assert (run.returncode, "en 또는 ko" in run.stderr) == (2, True), run.stderr


def test_the_environment_may_name_a_wrong_one_too() -> None:
    text = explained(etl("sources", env=environment(ETL_LANG="klingon")), 2)
    assert "in the language klingon" in text
