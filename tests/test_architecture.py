"""What holds for the code as a whole; which module may import which is import-linter's to check."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from support.patience import PATIENCE

ROOT = Path(__file__).parents[1]
MODULES = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "etl").rglob("*.py"))}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
TREES = {name: ast.parse(text) for name, text in TEXTS.items()}
MAX_LINES, MAX_FUNCTION_LINES = 400, 50
# Syllables and letters; not the fillers, which look like nothing and are written as escapes.
HANGUL = re.compile("[\u1100-\u115e\u1161-\u11ff\u3131-\u3163\u3165-\u318e\uac00-\ud7a3]")
KOREAN_ALLOWED = {
    "etl/language/particles.py": "a particle of Korean, which takes another form after one of its consonants",
    "etl/ingestion/sources/aihub_dialogue.py": "the columns and folders of the corpus: facts of its format",
    "etl/commands/ingest.py": "the name of a corpus in a help text",
    "etl/commands/sample.py": "the name of a corpus in a help text",
}
HEAVY = {
    *["polars", "pandas", "pyarrow", "torch", "great_expectations", "konlpy", "numpy", "numba", "sklearn"],
    *["datasets", "fastexcel", "jpype", "kiwipiepy", "mecab", "pebble", "yaml", "safetensors", "ray"],
}
DUMPING_GROUNDS = {"utils", "util", "helpers", "common", "misc", "tools"}
CLOCKS = {"datetime.now", "datetime.datetime.now", "datetime.utcnow", "date.today", "time.time", "hash"}
UNSAFE = {"yaml.unsafe_load", "yaml.full_load", "eval", "exec", "torch.load", "pickle.loads", "os.system"}
INPUT_AND_OUTPUT = {"open", "print", "read_text", "read_bytes", "write_text", "scan_parquet", "read_parquet"}


def calls(tree: ast.AST) -> set[str]:
    """The functions that are called; `exec("")` runs nothing, see `etl.runtime.signals`."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(node.func) for node in found if ast.unparse(node) != "exec('')"}


def defined(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def classes(tree: ast.AST) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def strings(tree: ast.Module) -> Iterator[str]:
    """The string literals that are no docstrings."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The lines of its body, docstring aside."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.body[-1].end_lineno or 0) - first.lineno + 1


def test_there_are_modules_to_check() -> None:
    assert len(MODULES) > 50


def test_every_module_says_what_it_does() -> None:
    assert [name for name, tree in TREES.items() if len(ast.get_docstring(tree) or "") < 10] == []


def test_modules_are_small() -> None:
    lengths = {name: len(text.splitlines()) for name, text in TEXTS.items()}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_functions_are_small() -> None:
    lengths = {
        f"{name}:{function.name}": lines_of(function)
        for name, tree in TREES.items()
        for function in defined(tree)
    }
    assert {name: length for name, length in lengths.items() if length > MAX_FUNCTION_LINES} == {}


def test_no_module_is_a_dumping_ground() -> None:
    assert [name for name, path in MODULES.items() if path.stem in DUMPING_GROUNDS] == []


def test_korean_is_knowledge_and_stands_in_yaml() -> None:
    korean = {name: list(filter(HANGUL.search, strings(tree))) for name, tree in TREES.items()}
    found = {name: texts for name, texts in korean.items() if texts}
    assert {name: texts for name, texts in found.items() if name not in KOREAN_ALLOWED} == {}
    assert set(KOREAN_ALLOWED) <= set(found), "what is allowed and no longer needed should go"


def loaded(code: str) -> set[str]:
    """The heavy packages that a fresh Python has loaded when the code has run."""
    script = f"{code}\nimport sys\nsys.stderr.write(' '.join(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return {name.partition(".")[0] for name in run.stderr.split()} & HEAVY


def test_importing_etl_loads_nothing_heavy() -> None:
    assert loaded("import etl") == set()


def test_no_help_text_loads_anything_heavy() -> None:
    ask = """
from typer.main import get_command
from etl.cli import app
command = get_command(app)
for words in ([], *([name] for name in command.commands)):
    command.main([*words, "--help"], standalone_mode=False)
"""
    assert loaded(ask) == set()


def test_a_tagging_worker_loads_no_tables() -> None:
    assert loaded("import etl.tagging.worker") <= {"yaml"}


def test_only_train_knows_torch() -> None:
    knows = re.compile(r"^\s*(?:import|from) (?:torch|safetensors)\b", re.MULTILINE)
    assert [
        name for name, text in TEXTS.items() if knows.search(text) and not name.startswith("etl/models/")
    ] == []


def test_no_class_of_ours_stands_below_another_of_ours() -> None:
    ours = {each.name for tree in TREES.values() for each in classes(tree)} - {"EtlError"}
    bases = {
        each.name: {ast.unparse(base).rpartition(".")[2] for base in each.bases}
        for tree in TREES.values()
        for each in classes(tree)
    }
    assert {name: below & ours for name, below in bases.items() if below & ours} == {}


def test_nothing_is_unpickled_and_yaml_is_loaded_safely() -> None:
    assert {name: calls(tree) & UNSAFE for name, tree in TREES.items() if calls(tree) & UNSAFE} == {}
    loaders = re.compile(r"yaml\.load\((?!.*Loader=(?:loader|yaml\.C?SafeLoader)\))")
    assert [name for name, text in TEXTS.items() if loaders.search(text)] == []
    unpickles = re.compile(r"^\s*(?:import|from) (?:pickle|joblib|shelve|marshal)\b", re.MULTILINE)
    assert [name for name, text in TEXTS.items() if unpickles.search(text)] == []


def test_nothing_depends_on_the_clock_or_on_a_hash_seed() -> None:
    asks = {name: calls(tree) & CLOCKS for name, tree in TREES.items() if calls(tree) & CLOCKS}
    assert asks == {"etl/runtime/clock.py": {"datetime.now"}}
    # What time it is stands in logs and locks, and beside a version; in no dataset.
    knows = {name for name, text in TEXTS.items() if re.search(r"\bclock\.now\(", text)}
    assert knows <= {
        *("etl/runtime/lock.py", "etl/storage/versions/local.py", "etl/publishing/refresh.py"),
        "etl/commands/corrections.py",
    }


def test_a_step_does_no_input_or_output() -> None:
    steps = {name: tree for name, tree in TREES.items() if name.startswith("etl/ingestion/steps/")}
    assert len(steps) >= 6
    last_names = {name: {call.rpartition(".")[2] for call in calls(tree)} for name, tree in steps.items()}
    assert {
        name: found & INPUT_AND_OUTPUT for name, found in last_names.items() if found & INPUT_AND_OUTPUT
    } == {}


def test_every_corpus_has_an_adapter_a_contract_labels_and_test_files() -> None:
    from etl.ingestion.sources.detect import ADAPTERS
    from etl.schema import contract, taxonomy

    slugs = set(ADAPTERS)
    assert slugs == set(contract.slugs())
    assert slugs - {taxonomy.TABLE} == set(taxonomy.corpora())
    assert slugs <= {folder.name for folder in (ROOT / "tests" / "data").iterdir() if any(folder.iterdir())}
