"""What holds for the code as a whole; which module may import which is import-linter's to check."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "etl").rglob("*.py"))
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")
HEAVY = {
    "polars",
    "pandas",
    "pyarrow",
    "torch",
    "great_expectations",
    "konlpy",
    "numpy",
    "rich",
    "datasets",
    "fastexcel",
    "jpype",
    "kiwipiepy",
    "mecab",
    "pebble",
    "yaml",
}
# What a corpus calls its files, sheets and columns is a fact of its format, and the adapter is where it belongs.
FORMATS = {"etl/sources", "etl/sample"}
# The name of a corpus in a help text.
HELP = {"etl/commands"}
DUMPING_GROUNDS = {"utils", "util", "helpers", "common", "misc", "tools"}
MAX_LINES, MAX_FUNCTION_LINES = 400, 50


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=MODULES, ids=name_of)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def test_there_are_modules_to_check() -> None:
    assert len(MODULES) > 50


def test_a_module_says_what_it_does(path: Path) -> None:
    docstring = ast.get_docstring(tree_of(path))
    assert docstring
    assert docstring[0].isupper() or docstring[0] == "`"


def test_a_module_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_a_function_is_small(path: Path) -> None:
    long = {}
    for function in functions(tree_of(path)):
        first = (
            function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
        )
        lines = (function.body[-1].end_lineno or 0) - first.lineno + 1
        if lines > MAX_FUNCTION_LINES:
            long[function.name] = lines
    assert not long


def test_no_module_is_a_dumping_ground(path: Path) -> None:
    assert path.stem not in DUMPING_GROUNDS


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """The string literals that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def test_korean_is_knowledge_and_stands_in_yaml(path: Path) -> None:
    if any(name_of(path).startswith(folder) for folder in FORMATS | HELP):
        pytest.skip("names of a format, or of a corpus in a help text")
    assert [node.value for node in strings(tree_of(path)) if HANGUL.search(node.value)] == []


def is_for_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def test_nothing_heavy_is_imported_before_it_is_needed(path: Path) -> None:
    imported = set()
    for node in tree_of(path).body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    if name_of(path).startswith("etl/train/"):
        imported -= {"torch", "numpy"}  # the only place that knows torch; the command imports it when it runs
    assert not imported & HEAVY


def test_only_train_knows_torch(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if re.search(r"^\s*(import|from) (torch|safetensors)\b", text, re.MULTILINE):
        assert name_of(path).startswith("etl/train/") or "require_torch" in text


def test_no_class_of_ours_stands_below_another_of_ours(path: Path) -> None:
    ours = {each.name for module in MODULES for each in classes(tree_of(module))}
    for each in classes(tree_of(path)):
        bases = {ast.unparse(base).rpartition(".")[2] for base in each.bases}
        assert not bases & ours - {"EtlError"}, each.name


def test_nothing_is_unpickled_and_yaml_is_loaded_safely(path: Path) -> None:
    tree = tree_of(path)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not calls & {
        "yaml.load",
        "yaml.unsafe_load",
        "eval",
        "exec",
        "torch.load",
        "pickle.loads",
        "os.system",
    }
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^\s*(import|from) (pickle|joblib|shelve|marshal)\b", text, re.MULTILINE)


def test_nothing_written_depends_on_the_clock(path: Path) -> None:
    calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    clocks = {"datetime.now", "datetime.datetime.now", "date.today", "time.time", "datetime.utcnow", "hash"}
    assert not calls & clocks


@pytest.mark.parametrize("step", sorted((ROOT / "etl" / "steps").glob("*.py")), ids=name_of)
def test_a_step_does_no_input_or_output(step: Path) -> None:
    calls = {
        ast.unparse(node.func).rpartition(".")[2]
        for node in ast.walk(tree_of(step))
        if isinstance(node, ast.Call)
    }
    assert not calls & {
        "open",
        "print",
        "read_text",
        "read_bytes",
        "write_text",
        "scan_parquet",
        "read_parquet",
    }


def test_every_corpus_has_an_adapter_labels_a_contract_and_test_files() -> None:
    from etl import contract, taxonomy
    from etl.sources.detect import ADAPTERS

    slugs = set(ADAPTERS)
    assert slugs == set(contract.slugs())
    assert slugs - {taxonomy.TABLE} == set(taxonomy.corpora())
    folders = {folder.name for folder in (ROOT / "tests" / "data").iterdir() if any(folder.iterdir())}
    assert slugs <= folders
