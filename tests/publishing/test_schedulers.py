"""Airflow and Dagster load what `etl schedule` writes for them; each in an environment of its own.

They are large, so they are not among the packages for development: `make test-schedulers` installs both.
"""

import json
import os
import subprocess
import textwrap
from pathlib import Path

import pytest

from etl.publishing.schedule.files import ScheduledRefresh, System, render_files
from etl.publishing.schedule.times import parse_timing

ROOT = Path(__file__).parents[2]
ODD = '감성 "말" it\'s 100% $HOME {{z}} {% raw %} a\\b'


def python_of(scheduler: str) -> str:
    """The Python of an environment that has the scheduler, else a skip."""
    chosen = os.environ.get(f"ETL_TEST_{scheduler.upper()}", ROOT / f".venv-{scheduler}" / "bin" / "python")
    if not Path(chosen).is_file():
        pytest.skip(f"no environment with {scheduler}: `make test-schedulers` makes .venv-{scheduler}")
    return str(chosen)


def generated(folder: Path, scheduler: System, every: str | None = None, cron: str | None = None) -> Path:
    """The one file for a scheduler, for a config in an oddly called folder."""
    job = ScheduledRefresh(folder / ODD / "etl.yaml", parse_timing(every, cron), "etl-reviews", "Asia/Seoul")
    [(name, content)] = render_files(scheduler, job).items()
    path = folder / "generated" / name
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    return path


def run(python: str, code: str, folder: Path, *arguments: str) -> str:
    """What a piece of Python prints in its last line."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    home = {"AIRFLOW_HOME": str(folder / "home"), "DAGSTER_HOME": str(folder / "home")}
    (folder / "home").mkdir(exist_ok=True)
    done = subprocess.run(
        [python, "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        env={**outside, **home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONIOENCODING": "utf-8"},
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]


LOAD_WITH_AIRFLOW = """
    import json, sys
    from airflow.dag_processing.dagbag import DagBag
    bag = DagBag(dag_folder=sys.argv[1])
    [dag] = bag.dags.values()
    refresh = dag.get_task("refresh").python_callable
    command = refresh.__globals__["COMMAND"]
    outcomes = []
    for exit_code in (0, 5, 6):
        refresh.__globals__["COMMAND"] = [sys.executable, "-c", f"raise SystemExit({exit_code})"]
        try:
            outcomes.append(refresh())
        except Exception as error:
            outcomes.append(type(error).__name__)
    print(json.dumps({
        "errors": bag.import_errors, "id": dag.dag_id, "runs": dag.max_active_runs, "catchup": dag.catchup,
        "tasks": [task.task_id for task in dag.tasks], "zone": dag.timezone.name, "outcomes": outcomes,
        "schedule": str(dag.schedule), "command": command,
    }))
"""


@pytest.mark.parametrize("moment", ["every", "cron"])
def test_airflow_loads_the_dag(tmp_path: Path, moment: str) -> None:
    python = python_of("airflow")
    path = generated(tmp_path, "airflow", **({"every": "7h"} if moment == "every" else {"cron": "0 3 * * *"}))
    found = json.loads(run(python, LOAD_WITH_AIRFLOW, tmp_path, str(path)))
    assert found["errors"] == {}
    assert (found["id"], found["tasks"]) == ("etl-reviews", ["refresh"])
    assert (found["runs"], found["catchup"], found["zone"]) == (1, False, "Asia/Seoul")
    assert found["schedule"] == ("7:00:00" if moment == "every" else "0 3 * * *")
    assert found["outcomes"] == [None, "AirflowSkipException", "CalledProcessError"]
    assert found["command"][-1] == str(tmp_path / ODD / "etl.yaml")


LOAD_WITH_DAGSTER = """
    import json, sys, runpy
    import dagster as dg
    found = runpy.run_path(sys.argv[1])
    defs = found["defs"]
    dg.Definitions.validate_loadable(defs)
    repository = defs.get_repository_def()
    [schedule] = repository.schedule_defs
    outcomes = []
    for exit_code in (0, 5, 6):
        job = defs.get_job_def("etl_reviews")
        found["refresh"].compute_fn.decorated_fn.__globals__["COMMAND"] = [
            sys.executable, "-c", f"raise SystemExit({exit_code})"
        ]
        outcomes.append(job.execute_in_process(raise_on_error=False).success)
    print(json.dumps({
        "cron": schedule.cron_schedule, "zone": schedule.execution_timezone, "job": schedule.job_name,
        "status": schedule.default_status.value, "command": found["COMMAND"], "outcomes": outcomes,
    }))
"""


def test_dagster_loads_the_definitions_and_runs_the_job(tmp_path: Path) -> None:
    python = python_of("dagster")
    path = generated(tmp_path, "dagster", every="6h")
    expected = path.read_text(encoding="utf-8")
    found = json.loads(run(python, LOAD_WITH_DAGSTER, tmp_path, str(path)))
    assert (found["cron"], found["zone"], found["job"]) == ("0 */6 * * *", "Asia/Seoul", "etl_reviews")
    assert found["status"] == "RUNNING"
    assert found["outcomes"] == [True, True, False]
    assert str(tmp_path / ODD / "etl.yaml").replace("\\", "\\\\").replace('"', '\\"') in expected
