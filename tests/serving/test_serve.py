"""`etl serve`, asked over loopback: its answers, what it refuses, and how it ends."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from support.browsers import new_tab, start_chromium
from support.run_etl import environment, etl
from support.serving import TOKEN, Server, end, serving
from support.training_datasets import SEPARABLE, write_splits

from etl.models.inference.predict import predict
from etl.models.linear.settings import LinearSettings
from etl.models.train import train

pytest.importorskip("uvicorn", reason="the extra [serve] is not installed")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TEXTS = [" ".join(tokens) for tokens, _, _ in SEPARABLE["validation"]]
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    train(write_splits(folder / "dataset", SEPARABLE), folder / "model", LinearSettings())
    return folder / "model"


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[Server]:
    with serving(model) as served:
        yield served


def test_its_answers_are_those_of_predict(server: Server, model: Path) -> None:
    texts = [*TEXTS, "", "😀", "<script>", "오늘 " * 900]
    for answer, expected in zip(server.ask(*texts), predict(model, texts), strict=True):
        assert (answer["text"], answer["label"], answer["reason"]) == (
            expected.text,
            expected.label,
            expected.reason,
        )
        assert answer["probabilities"] == pytest.approx(expected.probabilities)


def test_many_who_ask_at_once_each_get_their_own_answer(server: Server, model: Path) -> None:
    expected = {each.text: each.label for each in predict(model, TEXTS)}
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda text: server.ask(text)[0], TEXTS * 3))
    assert [answer["text"] for answer in answers] == TEXTS * 3
    assert {answer["text"]: answer["label"] for answer in answers} == expected


def test_answers_and_refusals_are_as_openapi_says(server: Server) -> None:
    _, document, _ = server.send("/openapi.json")

    def check(name: str, found: object) -> None:
        # Its references begin at the document.
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(found)

    check("Request", {"texts": TEXTS[:2]})
    _, answer, _ = server.send("/predict", json.dumps({"texts": [*TEXTS[:5], ""]}).encode(), JSON)
    check("Answer", answer)
    assert document["components"]["schemas"]["Label"]["enum"] == ["기쁨", "슬픔", "중립"]
    _, refused, _ = server.send("/predict", b"{", JSON)
    check("Error", refused)
    with pytest.raises(jsonschema.ValidationError):
        check("Request", {"text": "a", "texts": ["b"]})


BAD = {
    "no JSON": (b"{", JSON, 400, "bad_json"),
    "not UTF-8": (b'{"text": "\xff"}', JSON, 400, "bad_json"),
    "half a character": (b'{"text": "\\ud83d"}', JSON, 400, "bad_json"),
    "no text": (b"{}", JSON, 400, "no_text"),
    "both": (b'{"text": "a", "texts": ["b"]}', JSON, 400, "no_text"),
    "no texts": (b'{"texts": []}', JSON, 400, "no_text"),
    "a number": (b'{"text": 3}', JSON, 400, "wrong_type"),
    "a list of numbers": (b'{"texts": [3]}', JSON, 400, "wrong_type"),
    "another field": (b'{"txt": "a"}', JSON, 400, "wrong_type"),
    "a list": (b"[]", JSON, 400, "wrong_type"),
    "deep": (b'{"texts": ' + b"[" * 5000, JSON, 400, "wrong_type"),
    "a form": (b"text=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "not_json"),
    "no type": (b'{"text": "a"}', {}, 415, "not_json"),
    "a long text": (json.dumps({"text": "오늘 정말 좋다 " * 12_000}).encode(), JSON, 413, "text_too_long"),
    "many texts": (json.dumps({"texts": ["a"] * 1001}).encode(), JSON, 413, "too_many_texts"),
    "a large body": (b'{"text": "' + b"a" * 1_000_000 + b'"}', JSON, 413, "body_too_large"),
    "a foreign page": (b'{"text": "a"}', {**JSON, "Origin": "https://example.org"}, 403, "foreign_page"),
    "another origin": (b'{"text": "a"}', {**JSON, "Origin": "null"}, 403, "foreign_page"),
    "a foreign host": (b'{"text": "a"}', {**JSON, "Host": "example.org"}, 403, "foreign_page"),
    "no token": (b'{"text": "a"}', {**JSON, "Authorization": ""}, 401, "no_token"),
    "another token": (b'{"text": "a"}', {**JSON, "Authorization": "Bearer x"}, 401, "no_token"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_answered_is_refused_with_a_reason_and_the_server_goes_on(
    name: str, server: Server
) -> None:
    body, headers, status, code = BAD[name]
    found, answer, _ = server.send("/predict", body, headers)
    assert (found, answer["error"]["code"]) == (status, code)
    assert answer["error"]["message"]
    assert answer["error"]["next"]
    assert server.ask("오늘 좋다")[0]["label"] == "기쁨"


def test_other_paths_and_methods_are_refused(server: Server) -> None:
    for path, method, status in (("/nothing", "GET", 404), ("/predict", "GET", 405), ("/", "POST", 405)):
        found, answer, _ = server.send(path, method=method)
        assert found == status
        assert answer["error"]["next"]


def test_health_alone_needs_no_token_and_no_answer_may_be_read_by_other_sites(server: Server) -> None:
    status, answer, headers = server.send("/health", headers={"Authorization": ""})
    assert (status, answer) == (200, {"status": "ok"})
    assert "access-control-allow-origin" not in headers
    assert headers["x-content-type-options"] == "nosniff"
    assert server.send("/openapi.json", headers={"Authorization": ""})[0] == 401


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_was_asked_is_answered_when_it_ends(how: int, model: Path) -> None:
    with serving(model) as server:
        texts = TEXTS * 8
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(server.ask, *texts) for _ in range(4)]
            server.ask("오늘 좋다")
            code, said = end(server, how)
            answers = [each.result() for each in asked if each.exception() is None]
    assert code == 0
    assert "Traceback" not in said, said
    assert all([answer["text"] for answer in each] == texts for each in answers)


def test_a_token_of_its_own_stands_in_the_address(model: Path) -> None:
    with serving(model, token=None) as server:
        token = server.url.rstrip("/").rpartition("/")[2]
        assert len(token) >= 16
        assert server.send("/predict", b"{}", JSON)[0] == 401  # that of the other tests
        own = {**JSON, "Authorization": f"Bearer {token}"}
        assert server.send("/predict", '{"text": "오늘 좋다"}'.encode(), own)[0] == 200
        assert server.send(f"/{token}/", headers={"Authorization": ""})[0] == 200


def test_others_are_served_with_a_token_only(model: Path) -> None:
    run = etl("serve", model, "--host", "0.0.0.0", env=environment(ETL_SERVE_TOKEN=None))
    assert (run.returncode, "ETL_SERVE_TOKEN" in run.stderr) == (2, True)
    run = etl("serve", model, env=environment(ETL_SERVE_TOKEN="short"))
    assert (run.returncode, "is no token" in run.stderr) == (2, True)


def test_a_port_that_is_taken_and_a_model_that_is_none_are_said(
    server: Server, model: Path, tmp_path: Path
) -> None:
    run = etl("serve", model, "--port", str(server.port), env=environment(ETL_SERVE_TOKEN=TOKEN))
    assert (run.returncode, str(server.port) in run.stderr, "Next:" in run.stderr) == (2, True, True)
    assert etl("serve", tmp_path, env=environment(ETL_SERVE_TOKEN=TOKEN)).returncode == 4
    for host in ("어디", "192.0.2.1"):  # the second is nobody's: RFC 5737
        run = etl("serve", model, "--host", host, env=environment(ETL_SERVE_TOKEN=TOKEN))
        assert (run.returncode, f"{host} is no address of this machine" in run.stderr) == (2, True)


@pytest.mark.parametrize("name", ["model.json", "preparation.json", "features.json", "weights.safetensors"])
def test_a_damaged_model_is_not_served(name: str, model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "model")
    content = (model / name).read_bytes()
    (tmp_path / "model" / name).write_bytes(content[: len(content) // 2])
    run = etl("serve", tmp_path / "model", "--port", "0", env=environment(ETL_SERVE_TOKEN=TOKEN))
    assert (run.returncode, "Next:" in run.stderr, run.stdout) == (4, True, "")


def test_the_curl_lines_of_the_docs_are_answered(server: Server) -> None:
    text = (ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\$ (curl .*)$", text, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        command = line.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        run = subprocess.run(
            ["bash", "-c", command],
            env=environment(ETL_SERVE_TOKEN=TOKEN),
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(run.stdout)
        if "/predict" in line:
            [shown] = re.findall(r'^(\{"predictions".*)$', text, re.MULTILINE)
            assert answer["predictions"][0].keys() == json.loads(shown)["predictions"][0].keys()
        assert "error" not in answer


@pytest.mark.browser
def test_the_page_answers_by_itself(model: Path) -> None:
    with serving(model) as server, start_chromium() as browser:
        tab, asked = new_tab(browser), []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(f"{server.url}{TOKEN}/")
        tab.locator("#text").fill(TEXTS[0])
        tab.locator(".label").wait_for()
        assert tab.locator(".label").text_content() == predict(model, TEXTS[0])[0].label
        assert asked == [f"{server.url}{TOKEN}/"]


@pytest.mark.browser
def test_a_model_without_such_a_page_has_one_that_asks_the_server(tmp_path: Path) -> None:
    pytest.importorskip("mecab", reason="the extra [mecab] is not installed")
    rows = [f"{' '.join(tokens)},{label}" for tokens, label, _ in SEPARABLE["train"]]
    (tmp_path / "own.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    columns = ["--text-column", "text", "--label-column", "label", "--split", "grouped", "--tagger", "mecab"]
    run = etl("ingest", tmp_path / "own.csv", "--out", tmp_path / "dataset", *columns)
    assert run.returncode == 0, run.stderr
    assert etl("build-vocab", tmp_path / "dataset").returncode == 0
    train(tmp_path / "dataset", tmp_path / "model", LinearSettings())
    with serving(tmp_path / "model") as server, start_chromium() as browser:
        tab = new_tab(browser)
        tab.goto(f"{server.url}{TOKEN}/")
        tab.locator("#text").fill(TEXTS[0])
        tab.get_by_role("button").click()
        expected = predict(tmp_path / "model", TEXTS[0])[0].label
        tab.locator("#answer").get_by_text(str(expected)).first.wait_for()
