"""`etl schedule`: each file is read by the parser of the scheduler it is for, whatever the path is called."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from croniter import croniter
from support.run_etl import environment, etl, explained, succeeded

from etl.errors import SettingsError
from etl.publishing.schedule import quote
from etl.publishing.schedule.files import ScheduledRefresh, render_files
from etl.publishing.schedule.times import parse_timing

ODD = '감성 "말" it\'s 100% $HOME ${x} $(y) {{z}} #1 a\\b'
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not on this machine")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config in a folder that is called as no folder should be."""
    folder = tmp_path / ODD
    folder.mkdir()
    path = folder / "etl.yaml"
    path.write_text("refresh: {inputs: [raw], out: published}\n", encoding="utf-8")
    return path


def written(config: Path, scheduler: str, *arguments: str) -> dict[str, str]:
    """The files that the command writes."""
    out = config.parent / "schedule"
    succeeded(etl("schedule", scheduler, "--config", config, "--out", out, *arguments))
    return {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()}


def command_in(source: str) -> list[str]:
    """The literal that the generated Python calls COMMAND."""
    [found] = [
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "COMMAND"
    ]
    command: list[str] = ast.literal_eval(found)
    return command


def assert_runs_the_refresh(command: list[str], config: Path) -> None:
    assert command[-4:] == ["refresh", "--once", "--config", str(config)]
    assert Path(command[0]).is_absolute()
    said = subprocess.run([*command[:-4], "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("korean-emotion-etl ")


@systemd
@pytest.mark.parametrize("moment", [["--every=7h"], ["--cron=0 12 13 * 5", "--time-zone=Asia/Seoul"]])
def test_systemd_accepts_unit_and_timer(config: Path, moment: list[str]) -> None:
    files = written(config, "systemd", *moment)
    assert sorted(files) == ["etl-refresh.service", "etl-refresh.timer"]
    folder = config.parent / "schedule"
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(folder.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    timer = files["etl-refresh.timer"]
    if "--every=7h" in moment:
        assert "OnUnitActiveSec=25200s" in timer
    else:
        calendars = ["*-*-13 12:00:00 Asia/Seoul", "Fri *-*-* 12:00:00 Asia/Seoul"]
        assert [line for line in timer.splitlines() if line.startswith("OnCalendar=")] == [
            f"OnCalendar={each}" for each in calendars
        ]


@systemd
def test_systemd_finds_a_program_whose_path_is_odd(tmp_path: Path) -> None:
    """It checks that the program is there, so it must have read the path as it was."""
    program = tmp_path / "감성 100% $HOME ${x} $(y) {{z}} #1" / "etl"
    program.parent.mkdir()
    unit = tmp_path / "odd.service"
    unit.write_text(f"[Service]\nType=oneshot\nExecStart=:{quote.for_systemd([str(program), ODD])}\n")
    verify = ["systemd-analyze", "verify", str(unit)]
    assert subprocess.run(verify, capture_output=True, check=False).returncode != 0
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_that_systemd_would_refuse_is_refused() -> None:
    with pytest.raises(SettingsError, match="quote or a backslash"):
        quote.for_systemd(["/it's/etl", "refresh"])


def test_cron_gets_one_line_that_a_shell_reads_as_it_was_meant(config: Path) -> None:
    [text] = written(config, "cron", "--every", "6h").values()
    [line] = [each for each in text.splitlines() if not each.startswith("#")]
    *times, command = line.split(maxsplit=5)
    assert croniter.is_valid(" ".join(times))
    assert times == ["0", "*/6", "*", "*", "*"]
    # A bare % would end the command for cron, which takes the backslash away.
    assert command.replace(r"\%", "").count("%") == 0
    assert_runs_the_refresh(shlex.split(command.replace(r"\%", "%")), config)


def test_a_shell_gets_the_words_of_a_crontab_as_they_were() -> None:
    program = "import sys; sys.stdout.buffer.write(sys.argv[1].encode())"
    line = quote.for_crontab([sys.executable, "-c", program, ODD]).replace(r"\%", "%")
    assert subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.decode() == ODD


def test_kubernetes_gets_a_valid_cron_job(config: Path) -> None:
    options = ["--cron", "30 4 * * mon-fri", "--time-zone", "Asia/Seoul", "--image", "registry/etl:1"]
    [text] = written(config, "kubernetes", *options, "--name", "on").values()
    [job] = yaml.safe_load_all(text)
    kubernetes_validate.validate(job, "1.37", strict=True)
    assert job["metadata"]["name"] == "on"
    spec: dict[str, Any] = job["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("30 4 * * 1,2,3,4,5", "Asia/Seoul")
    assert spec["concurrencyPolicy"] == "Forbid"
    [container] = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry/etl:1"
    # Kubernetes reads $$ as $.
    command = [word.replace("$$", "$") for word in container["command"]]
    assert command == ["etl", "refresh", "--once", "--config", str(config)]
    assert str(config.parent) in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_kubernetes_would_notice_a_field_that_there_is_none_of(config: Path) -> None:
    [text] = written(config, "kubernetes").values()
    [job] = yaml.safe_load_all(text.replace("concurrencyPolicy:", "concurrency:"))
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, "1.37", strict=True)


@pytest.mark.parametrize("scheduler", ["airflow", "dagster"])
def test_the_generated_python_runs_the_refresh(config: Path, scheduler: str) -> None:
    [(name, source)] = written(config, scheduler, "--every", "6h", "--name", "etl-reviews").items()
    assert name.startswith("etl_reviews_")
    assert_runs_the_refresh(command_in(source), config)
    compile(source, name, "exec")


@pytest.mark.parametrize("scheduler", ["systemd", "cron", "kubernetes", "airflow", "dagster"])
def test_what_people_read_of_a_schedule_is_in_their_language(config: Path, scheduler: str) -> None:
    out = config.parent / "schedule"
    options = ["--config", config, "--out", out, "--every", "6h"]
    succeeded(etl("schedule", scheduler, *options, env=environment(ETL_LANG="ko")))
    for path in out.iterdir():
        text = path.read_text(encoding="utf-8")
        assert re.search("[가-힣] ", text.replace(ODD, "")), text
        assert not re.search(r"# [A-Z][a-z]+ [a-z]+ [a-z]+|Description=[A-Z]|[\"(]another refresh", text), (
            text
        )
        if path.suffix == ".py":
            compile(text, path.name, "exec")
            assert "다른 갱신이 진행 중입니다" in text


def test_without_a_folder_the_files_are_shown(config: Path) -> None:
    shown = succeeded(etl("schedule", "systemd", "--config", config)).stdout
    assert "# --- etl-refresh.service\n" in shown
    assert "\nOnCalendar=*-*-* 03:00:00\nPersistent=true\n" in shown
    line = succeeded(etl("schedule", "cron", "--config", config)).stdout.splitlines()[-1]
    assert line.startswith("0 3 * * * /")


def test_what_a_scheduler_cannot_say_is_an_error(config: Path) -> None:
    said = explained(etl("schedule", "dagster", "--config", config, "--every", "7h"), 2)
    assert "6h or 8h" in said
    said = explained(etl("schedule", "cron", "--config", config, "--time-zone", "Asia/Seoul"), 2)
    assert "time zone" in said


def test_a_config_that_cannot_run_is_not_scheduled(tmp_path: Path) -> None:
    (tmp_path / "etl.yaml").write_text("taxonomy: ko7\n")
    assert "refresh.inputs" in explained(etl("schedule", "cron", "--config", tmp_path / "etl.yaml"), 2)
    assert explained(etl("schedule", "cron", "--config", tmp_path / "none.yaml"), 2)


@pytest.mark.parametrize("name", ["", "Etl", "a b", "-a", "a" * 53, "a\nb"])
def test_a_name_that_a_scheduler_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="name of a schedule"):
        render_files("kubernetes", ScheduledRefresh(Path("/srv/etl.yaml"), parse_timing(None, None), name))


@pytest.mark.parametrize("path", ["/a\nb/etl.yaml", "/a\u2028b/etl.yaml", "/a\udcffb/etl.yaml"])
def test_a_path_that_no_line_can_hold_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match="cannot be written into a schedule"):
        render_files("cron", ScheduledRefresh(Path(path), parse_timing(None, None)))


def test_a_time_zone_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(SettingsError, match="Asia/Soul"):
        render_files(
            "airflow",
            ScheduledRefresh(Path("/srv/etl.yaml"), parse_timing(None, None), time_zone="Asia/Soul"),
        )
