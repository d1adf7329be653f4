"""The web export: what it says in Node and in a browser, and what it refuses."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.browsers import CHROMIUM, new_tab, start_chromium
from support.training_datasets import SEPARABLE, write_splits, write_votes
from support.untrained import save_untrained

from etl.errors import FindingsError, InputError, SettingsError
from etl.models.export.check import FIELDS, check_export
from etl.models.export.export import export
from etl.models.export.web import engine
from etl.models.export.web.modules import PAGE, RUNTIME, join_modules
from etl.models.inference.predict import predict

HAS_NODE = shutil.which("node") is not None
needs_node = pytest.mark.skipif(not HAS_NODE, reason="Node is not installed")
needs_engine = pytest.mark.skipif(not (HAS_NODE or CHROMIUM), reason="neither Node nor Chromium is installed")
pytestmark = needs_engine

TEXTS = [" ".join(tokens) for tokens, _, _ in SEPARABLE["validation"]][:40]
ODD = [
    "",
    "   \t\u200b ",
    "<script>document.title = 'broken'</script> 오늘 좋다",
    "\u0000\u0007오늘\u001b[31m 행복",
    "오늘 " * 50_000,
    "😀👨‍👩‍👧 오늘 ㅋㅋㅋㅋㅋㅋ",
    "\u1112\u1161\u11ab\u1100\u1173\u11af",  # decomposed
    "__proto__ constructor toString",
]


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("web") / "web"
    export(trained.model, "web", folder, int8=False)
    return folder


def ask(folder: Path, texts: list[str]) -> list[dict[str, Any]]:
    """What the exported module answers in Node."""
    script = (
        f"import {{ classify }} from {json.dumps((folder / 'classifier.js').as_uri())};\n"
        'import { readFileSync } from "node:fs";\n'
        'console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(classify)));\n'
    )
    command = ["node", "--input-type=module", "--eval", script]
    run = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


def assert_same(answers: list[dict[str, Any]], model: Path, texts: list[str]) -> None:
    for answer, expected in zip(answers, predict(model, texts), strict=True):
        assert answer["label"] == expected.label
        assert answer["reason"] == expected.reason
        assert answer["probabilities"] == pytest.approx(expected.probabilities, abs=1e-5)


@needs_node
def test_the_module_answers_as_predict_does(trained, exported):
    assert_same(ask(exported, [*TEXTS, *ODD]), trained.model, [*TEXTS, *ODD])


@needs_node
def test_half_a_character_becomes_a_question_mark_as_in_predict(trained, exported):
    [answer] = ask(exported, ["오늘 \ud83d 좋다"])
    assert answer["text"] == "오늘 ? 좋다"
    assert_same([answer], trained.model, ["오늘 \ud83d 좋다"])


@needs_node
def test_what_is_no_string_is_refused(exported):
    script = f"""
      import {{ classify }} from {json.dumps((exported / "classifier.js").as_uri())};
      for (const value of [3, null, undefined, ["좋다"]]) {{
        try {{ classify(value); console.log("taken"); }} catch (error) {{ console.log(error.name); }}
      }}
    """
    command = ["node", "--input-type=module", "--eval", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert said == ["TypeError"] * 4


@needs_node
@pytest.mark.parametrize("kind", ["lstm", "gru", "cnn", "transformer"])
def test_each_network_gives_the_answers_of_its_model(kind, trained, tmp_path):
    model = save_untrained(trained.dataset, tmp_path / "model", kind)
    done = export(model, "web", int8=False, dataset=trained.dataset)
    assert (done.metadata.parity.rows, done.metadata.parity.differing_predictions) == (120, 0)
    assert done.metadata.parity.largest_difference <= 1e-5
    assert_same(ask(done.folder, TEXTS), model, TEXTS)


@needs_node
@pytest.mark.parametrize("mode", ["majority", "multi"])
def test_a_linear_model_gives_the_answers_of_its_model(mode, tmp_path):
    from etl.models.linear.settings import LinearSettings
    from etl.models.train import train

    if mode == "multi":
        dataset = write_votes(tmp_path / "dataset", mode)
    else:
        dataset = write_splits(tmp_path / "dataset", SEPARABLE)
    train(dataset, tmp_path / "model", LinearSettings())
    done = export(tmp_path / "model", "web", int8=False)
    assert done.metadata.parity.differing_predictions == 0
    assert_same(ask(done.folder, TEXTS), tmp_path / "model", TEXTS)


def test_weights_in_8_bits_are_taken_where_next_to_nothing_is_lost(trained, tmp_path):
    done = export(trained.model, "web", tmp_path / "web")
    lost = done.metadata.int8
    assert done.metadata.is_int8
    assert lost is not None
    assert lost.model_macro_f1 - lost.int8_macro_f1 <= 0.005
    assert done.metadata.parity.largest_difference <= 1e-5  # of the same model in 32 bits


@pytest.mark.parametrize("is_single", [False, True])
def test_an_export_is_checked_with_its_vectors(is_single, trained, tmp_path):
    folder = export(trained.model, "web", tmp_path / "web", is_single_file=is_single).folder
    checked = check_export(folder)
    assert checked.has_passed
    assert {each.field for each in checked.comparisons} == set(FIELDS)
    assert all(each.compared > 1000 for each in checked.comparisons)


def test_a_script_that_was_changed_is_found_by_its_hash_and_else_by_the_vectors(trained, tmp_path):
    folder = export(trained.model, "web", tmp_path / "web").folder
    script = folder / "classifier.js"
    script.write_text(script.read_text("utf-8").replace("slice(0, longest)", "slice(0, 1)"), "utf-8")
    with pytest.raises(InputError, match="does not hold the files"):
        check_export(folder)
    described = json.loads((folder / "metadata.json").read_bytes())
    described["files"]["classifier.js"] = hashlib.sha256(script.read_bytes()).hexdigest()
    (folder / "metadata.json").write_text(json.dumps(described), encoding="utf-8")
    assert {each.field for each in check_export(folder).differing} >= {"ids", "probabilities"}


def test_a_page_that_is_another_is_said(trained, tmp_path):
    folder = export(trained.model, "web", tmp_path / "web", is_single_file=True).folder
    (folder / "index.html").write_text("<title>another</title>", encoding="utf-8")
    described = (folder / "metadata.json").read_text("utf-8")
    hashes = json.loads(described)["sha256"], hashlib.sha256((folder / "index.html").read_bytes()).hexdigest()
    (folder / "metadata.json").write_text(described.replace(*hashes), encoding="utf-8")
    with pytest.raises(InputError, match="is no page that `etl export` wrote"):
        check_export(folder)


def test_without_anything_that_runs_it_nothing_is_called_checked(exported, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    checked = check_export(exported)
    assert not checked.has_passed
    assert [each.fields for each in checked.unchecked] == [FIELDS]


@contextmanager
def opened(page: Path) -> Iterator[tuple[Any, list[str]]]:
    """The page in Chromium, as it is opened from the disk, and the addresses of all that it has asked for."""
    with start_chromium() as browser:
        tab, asked = new_tab(browser, locale="en-US", viewport={"width": 390, "height": 844}), []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(page.as_uri())
        tab.wait_for_selector("body[data-ready]")
        yield tab, asked


_SET = "(field, text) => { field.value = text; field.dispatchEvent(new Event('input')); }"


def type_text(tab: Any, text: str) -> None:
    tab.locator("#answer").evaluate("(shown) => shown.replaceChildren()")
    if len(text) > 10_000:  # at once, as a script does: it is not typed
        tab.locator("#text").evaluate(_SET, text)
    else:
        tab.locator("#text").fill(text)
    tab.locator("#answer *").first.wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("is_single", [False, True])
def test_the_page_opens_from_the_disk_and_asks_for_nothing_but_itself(is_single, trained, tmp_path):
    folder = export(trained.model, "web", tmp_path / "web", is_single_file=is_single).folder
    labels = []
    with opened(folder / "index.html") as (tab, asked):
        for text in TEXTS[:10]:
            type_text(tab, text)
            labels.append(tab.locator(".label").text_content())
    names = ["index.html"] if is_single else ["index.html", "model.js"]
    assert asked == [(folder / name).as_uri() for name in names]
    assert labels == [answer.label for answer in predict(trained.model, TEXTS[:10])]


@pytest.mark.browser
def test_the_page_stays_usable_whatever_is_typed(exported):
    with opened(exported / "index.html") as (tab, _):
        title = tab.title()
        for text in reversed(ODD):  # the first one is what stands there already
            type_text(tab, text)
        assert tab.title() == title  # a script that is typed is text
        type_text(tab, ODD[4])
        assert "too long" in tab.locator("#answer").text_content()
        type_text(tab, "오늘 행복")
        assert tab.locator(".label").count() == 1
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_the_page_is_used_with_the_keyboard_in_both_languages(exported):
    with opened(exported / "index.html") as (tab, _):
        assert tab.evaluate("document.activeElement.id") == "text"
        tab.keyboard.type("오늘 행복")
        tab.locator(".label").wait_for()
        tab.keyboard.press("Shift+Tab")
        assert tab.evaluate("document.activeElement.id") == "language"
        english = tab.locator("h1").text_content()
        tab.keyboard.press("Enter")
        assert tab.locator("html").get_attribute("lang") == "ko"
        assert tab.locator("h1").text_content() != english


@pytest.mark.browser
def test_the_module_works_in_a_web_worker(trained, exported, tmp_path):
    site = tmp_path / "site"
    shutil.copytree(exported, site)
    (site / "worker.js").write_text(
        'import { classify } from "./classifier.js";\n'
        "onmessage = ({ data }) => postMessage(data.map((text) => classify(text).label));\n"
        'postMessage("ready");\n',
        encoding="utf-8",
    )
    (site / "page.html").write_text("<!doctype html><title>worker</title>", encoding="utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, start_chromium() as browser:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = new_tab(browser)
        tab.goto(f"http://127.0.0.1:{server.server_port}/page.html")
        labels = tab.evaluate(
            """(texts) => new Promise((done) => {
              const worker = new Worker("worker.js", { type: "module" });
              worker.onmessage = ({ data }) => (data === "ready" ? worker.postMessage(texts) : done(data));
            })""",
            TEXTS,
        )
        server.shutdown()
    assert labels == [answer.label for answer in predict(trained.model, TEXTS)]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_a_browser_answers_where_node_is_not_installed(exported):
    browser = engine.Engine("chromium", str(CHROMIUM), is_browser=True)
    answers = engine.run_module(browser, exported, TEXTS)
    if HAS_NODE:
        node = engine.run_module(engine.find_engine(), exported, TEXTS)
        assert [answer["ids"] for answer in answers] == [answer["ids"] for answer in node]
    assert all(abs(sum(answer["probabilities"]) - 1) < 1e-6 for answer in answers)


def test_sentences_that_are_prepared_otherwise_are_refused_and_nothing_is_written(tmp_path):
    splits = {split: list(rows) for split, rows in SEPARABLE.items()}
    tokens, label, source = splits["validation"][3]
    splits["validation"][3] = (
        [f"{tokens[0]} {tokens[1]}", *tokens[2:]],
        label,
        source,
    )  # not what a blank does
    dataset = write_splits(tmp_path / "dataset", splits)
    model = save_untrained(dataset, tmp_path / "model")
    with pytest.raises(FindingsError, match="does not prepare sentences") as refused:
        export(model, "web", tmp_path / "web")
    assert "1 of 120 texts differ" in refused.value.details
    assert not (tmp_path / "web").exists()


def test_without_anything_that_runs_it_the_export_says_what_to_install(trained, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="needs Node 18 or newer, or Chromium"):
        export(trained.model, "web", tmp_path / "web")
    assert not (tmp_path / "web").exists()


def test_the_top_level_names_of_all_modules_are_unique():
    declared = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
    files = [*sorted(RUNTIME.glob("*.js")), PAGE / "page.js", PAGE / "disk.js"]
    names = [name for file in files for name in declared.findall(file.read_text(encoding="utf-8"))]
    assert len(names) == len(set(names)), sorted({name for name in names if names.count(name) > 1})


def test_each_module_is_part_of_the_page_or_of_the_module_of_transformers():
    joined = join_modules(PAGE / "disk.js") + join_modules(RUNTIME / "classify_pieces.js")
    for file in RUNTIME.glob("*.js"):
        last = file.read_text(encoding="utf-8").rstrip().splitlines()[-3:]
        assert "\n".join(last).replace("export ", "") in joined, file.name


def test_the_kernel_is_what_its_text_is_assembled_to():
    assembler = pytest.importorskip("wasmtime", reason="wasmtime is not installed")
    assembled = bytes(assembler.wat2wasm((RUNTIME / "kernel.wat").read_text(encoding="utf-8")))
    kept = "".join(
        re.findall(r'^  "(.*)"', (RUNTIME / "kernel.js").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert base64.b64decode(kept) == assembled


@needs_node
def test_the_types_name_what_the_module_exports(exported):
    types = (exported / "classifier.d.ts").read_text(encoding="utf-8")
    declared = set(re.findall(r"^export (?:function|const) (\w+)", types, re.MULTILINE))
    address = json.dumps((exported / "classifier.js").as_uri())
    script = f"console.log(Object.keys(await import({address})).join(' '))"
    run = subprocess.run(
        ["node", "--input-type=module", "--eval", script], capture_output=True, text=True, check=True
    )
    assert set(run.stdout.split()) == declared
    fields = set(re.findall(r"^  (\w+):", types.split("export interface Token")[0], re.MULTILINE))
    assert set(ask(exported, ["오늘 좋다"])[0]) == fields
