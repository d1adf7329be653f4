import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import warm_cache

# Beside other tests on the same cores, the threads of torch and BLAS wait for each other far longer than they
# work. Set here, before anything imports them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# English on a machine whose locale is Korean, too; tests of Korean ask for it.
os.environ["ETL_LANG"] = "en"

pytest_plugins = ["support.worker_reports"]
TESTS = Path(__file__).parent
# Longest first, each more than half a minute: one that began last would keep one processor busy alone.
LONGEST = [
    "tagging/test_okt.py",
    "tagging/test_okt_tables.py",
    "tagging/test_pool.py",
    "commands/test_demo_command.py",
    "tagging/test_policy.py",
    "models/test_transformer.py",
    "runtime/test_ray.py",
    "tagging/test_taggers.py",
    "commands/test_tokens_command.py",
    "test_docs.py",
    "commands/test_doctor_command.py",
    "publishing/test_faults.py",
    "models/test_export.py",
]
# Set by a test that runs tests: they use the cache of the run it belongs to.
SHARED_CACHE = "ETL_TESTS_SHARE_CACHE"
OWN_CACHE = pytest.StashKey[ExitStack]()
MODULE_MARK = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.(\w+)", re.MULTILINE)
# In a test without the mark the package cannot be imported, and says so.
GUARDED = ("jvm", "training", "cluster")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m "not (…)"`, what is marked as a whole is not even imported: it may load torch or Ray."""
    chosen = config.getoption("markexpr")
    marks: set[str] = set()
    if collection_path == TESTS / "models":
        marks = {"training"}
    elif collection_path.match("test_*.py"):
        marks = {*MODULE_MARK.findall(collection_path.read_text(encoding="utf-8"))}
    is_left_out = chosen.startswith("not (") and marks & {*re.findall(r"\w+", chosen)}
    return True if is_left_out else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are handed to worker processes in the order of LONGEST; all of models/ loads torch."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    for item in items:
        if item.path.is_relative_to(TESTS / "models"):
            item.add_marker("training")


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay to the end: the garbage collector need not look at them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Keeps what a test is not marked for from it, and from the processes that it starts."""
    guards = [TESTS / "support" / "unmarked" / mark for mark in GUARDED if not item.get_closest_marker(mark)]
    with pytest.MonkeyPatch.context() as patch:
        for guard in guards:
            patch.syspath_prepend(guard)
            patch.setenv("PYTHONPATH", str(guard), prepend=os.pathsep)
        return (yield)


# How long an example takes is the machine's business, not a property of the code; no test changes a fixture.
settings.register_profile(
    "etl", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.register_profile("quick", settings.get_profile("etl"), max_examples=20)
settings.load_profile("etl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fresh", action="store_true", help="Make tables of taggers and compiled code again.")


def pytest_configure(config: pytest.Config) -> None:
    """A cache folder for this run, which pytest's own worker processes inherit: never the user's."""
    if not hasattr(config, "workerinput") and SHARED_CACHE not in os.environ:
        is_fresh = config.getoption("--fresh") or "CI" in os.environ
        config.stash[OWN_CACHE] = ExitStack()
        folder = config.stash[OWN_CACHE].enter_context(warm_cache.begin(is_fresh=is_fresh))
        os.environ["ETL_CACHE_DIR"] = str(folder)
        # Else each of several hundred commands compiles all of our code for itself.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if OWN_CACHE in config.stash:
        config.stash[OWN_CACHE].close()


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """`shared_data("kote")`: a folder of real, openly licensed data beside the repository, else a skip."""

    def folder(name: str) -> Path:
        path = Path(__file__).parents[1] / ".." / "shared" / "data" / name
        if not path.is_dir():
            pytest.skip(f"the real data of {name} is not on this machine: no ../shared/data/{name}")
        return path.resolve()

    return folder
