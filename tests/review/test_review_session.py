"""The page answers the person who started it, and nobody else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.review_pages import TOKEN, Page, review_page
from support.small_datasets import clean_rows, write_dataset

from etl.errors import SettingsError
from etl.runtime import loopback


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("session")
    dataset = write_dataset(folder / "dataset", clean_rows(8, 2, 2))
    with review_page(dataset, folder / "corrections.jsonl") as served:
        yield served


def host(page: Page) -> str:
    return urlsplit(page.url).netloc


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/api/start",
        f"/{TOKEN}",
        f"/{TOKEN}x/",
        f"/x{TOKEN}/",
        f"/{TOKEN[:-1]}/",
        f"//{TOKEN}/",
        "/%2e/",
    ],
)
def test_without_the_token_nothing_is_answered(page: Page, path: str) -> None:
    status, content, _ = page.send(path or "/")
    assert (status, content) == (403, b"refused")


def test_with_the_token_the_page_and_its_files_are_answered(page: Page) -> None:
    for path in ("", "page.js", "row.js", "panels.js", "page.css", "icon.svg", "api/start", "api/overview"):
        status, content, _ = page.send(path)
        assert status == 200, path
        assert content


@pytest.mark.parametrize(
    "path", ["../app.py", "page.html/../../app.py", "..%2fapp.py", "%2e%2e/app.py", "nothing"]
)
def test_no_other_file_is_reached(page: Page, path: str) -> None:
    status, content, _ = page.send(path)
    assert status == 404
    assert b"starlette" not in content


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:{port}", ""]
)
def test_a_foreign_host_is_refused(page: Page, name: str) -> None:
    port = host(page).partition(":")[2]
    status, _, _ = page.send("api/start", headers={"Host": name.format(port=port)})
    assert status in (400, 403)


def test_loopback_by_its_other_name_is_the_same_machine(page: Page) -> None:
    port = host(page).partition(":")[2]
    for name in (f"localhost:{port}", "localhost", f"[::1]:{port}", "127.0.0.1:9999"):
        assert page.send("api/start", headers={"Host": name})[0] == 200, name


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "https://{host}"])
def test_another_origin_is_refused(page: Page, origin: str) -> None:
    headers = {"Origin": origin.format(host=host(page))}
    assert page.send("api/undo", {"by": "kim"}, headers=headers)[0] == 403
    assert page.send("api/start", headers={"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert page.send("api/overview", headers={"Origin": f"http://{host(page)}"})[0] == 200


def test_nothing_may_be_loaded_framed_or_kept(page: Page) -> None:
    for path in ("", "api/start", "/"):
        headers = page.send(path)[2]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


def test_only_loopback_is_listened_on() -> None:
    with loopback.open_socket(0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"
        taken = listening.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {taken}"):
            loopback.open_socket(taken)


def test_tokens_cannot_be_guessed() -> None:
    tokens = {loopback.make_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 32


@pytest.mark.parametrize(
    "sent",
    [
        {"row": 10**6},
        {"row": -1},
        {"decision": "undo"},
        {"decision": "map_label"},
        {"labels": ["<script>"], "decision": "relabel"},
        {"decision": "relabel"},
        {"labels": ["기쁨"]},
        {"labels": ["기쁨", "슬픔"], "decision": "relabel"},
        {"by": " "},
        {"why": "x" * 3000},
        {"queue": "../all"},
        {"more": 1},
    ],
)
def test_what_the_page_never_sends_is_refused_and_not_written(page: Page, sent: dict[str, object]) -> None:
    page.find("all")
    good = {"queue": "all", "row": 0, "decision": "keep", "labels": [], "by": "kim"}
    status, content, _ = page.send("api/decide", good | sent)
    assert status == 400
    assert json.loads(content)["error"]
    assert not page.review.ledger.path.exists()


def test_what_is_no_json_or_has_no_end_is_refused(page: Page) -> None:
    with socket.create_connection(tuple(host(page).split(":"))) as raw:  # type: ignore[arg-type]
        head = f"POST /{TOKEN}/api/decide HTTP/1.1\r\nHost: {host(page)}\r\nContent-Length: 3\r\n\r\n<a>"
        raw.sendall(head.encode())
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert page.send("api/decide", {"why": "x" * 1_100_000})[0] == 413


def test_a_read_only_page_takes_nothing(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", clean_rows(8, 2, 2))
    with review_page(dataset, tmp_path / "corrections.jsonl", is_read_only=True) as page:
        page.find("all")
        sent = {"queue": "all", "row": 0, "decision": "keep", "labels": [], "by": "kim"}
        assert page.send("api/decide", sent)[0] == 400
        assert page.send("api/undo", {"by": "kim"})[0] == 400
        assert json.loads(page.send("api/start")[1])["is_read_only"] is True
    assert not (tmp_path / "corrections.jsonl").exists()
