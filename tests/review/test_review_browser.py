"""The page as Chromium shows it, used by keyboard. Skips without a browser or playwright."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.browsers import CHROMIUM, new_tab, start_chromium
from support.contrast import CONTRASTS
from support.review_pages import Page, press, review_page
from support.small_datasets import Row, clean_rows, make_reject, make_row, write_dataset

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

ATTACK = "<script>alert(1)</script><img src=x onerror=alert(1)>"
FROM_RIGHT = "\u202eנגמר\u2067 العربية 오늘은 끝났다"
PHONE, DESK = 390, 1280
SETS = {"labels": "multi", "dedupe": {"short_eojeols": 3, "short_chars": 10}}
PRESS = "keys => document.body.dispatchEvent(new KeyboardEvent('keydown', {...keys, bubbles: true}))"

OpenPage = Callable[..., Any]


def rows_of(label: str = "기쁨") -> list[Row]:
    rows = clean_rows(12, 3, 3)
    rows += [
        make_row(
            40 + at, text=f"그럼 이따 {ATTACK} 만나자", raw_text=f"그럼 이따 {ATTACK} 만나자", label=label
        )
        for at, label in enumerate(("기쁨", "분노"))
    ]
    rows[3] |= {"text": FROM_RIGHT, "raw_text": f"{FROM_RIGHT} "}
    rows[4] |= {"text": "가나다라 " * 20_000, "raw_text": "가나다라 " * 20_000}
    for turn, row in enumerate(rows[5:9], start=1):
        row |= {"group": "dialogue", "turn": turn}
    return rows


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Page]:
    rejects = [make_reject(50 + at, "unknown_label", raw_label=f"심심 {ATTACK}") for at in range(3)]
    dataset = write_dataset(tmp_path / f"data {ATTACK[:8]}", rows_of(), rejects)
    with review_page(dataset, tmp_path / "corrections.jsonl", login="kim") as page:
        for name in ("conflicts", "unknown_labels", "audit"):
            page.review.queues.wait(name)
        yield page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with start_chromium() as started:
        yield started


@pytest.fixture
def open_page(browser: Any, served: Page) -> Iterator[OpenPage]:
    """`open_page(address, **options of the context)`: requests elsewhere and complaints fail the test."""
    pages: list[Any] = []
    requested: list[str] = []
    said: list[str] = []
    urls: list[str] = []

    def open_here(
        address: str = "", width: int = DESK, name: str | None = "kim", url: str = "", **options: Any
    ) -> Any:
        urls.append(url or served.url)
        page = new_tab(browser, viewport={"width": width, "height": 844}, **options)
        pages.append(page)
        page.on("request", lambda request: requested.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        if name:
            page.add_init_script(f"localStorage.setItem('etl-review-name', {json.dumps(name)})")
        page.goto(urls[-1] + address)
        page.wait_for_selector("#text")
        return page

    yield open_here
    for page in pages:
        page.close()
    assert [url for url in requested if not url.startswith(tuple(urls))] == []
    assert said == []


def lines(page: Page) -> list[dict[str, Any]]:
    return [json.loads(line) for line in page.review.ledger.path.read_text(encoding="utf-8").splitlines()]


def test_rows_are_decided_by_keyboard_and_are_on_disk(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=all")
    first = page.locator("#text").inner_text()
    press(page, "2")
    assert page.locator("#text").inner_text() != first
    press(page, "Enter")
    press(page, "d")
    assert [line["decision"] for line in lines(served)] == ["relabel", "keep", "drop"]
    assert [line["by"] for line in lines(served)] == ["kim"] * 3
    press(page, "u")
    assert [line["decision"] for line in lines(served)][3:] == ["undo"]
    here = page.locator("#text").inner_text()
    press(page, "j")
    assert page.locator("#text").inner_text() != here
    press(page, "k")
    assert page.locator("#text").inner_text() == here


def test_a_key_of_a_korean_keyboard_means_the_same(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=all")
    press(page, PRESS, {"key": "ㅇ", "code": "KeyD"})
    assert [line["decision"] for line in lines(served)] == ["drop"]


def test_a_key_that_is_held_down_decides_once(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=all")
    press(page, "Enter")
    page.evaluate(PRESS, {"key": "d", "code": "KeyD", "repeat": True})
    press(page, "j")
    assert [line["decision"] for line in lines(served)] == ["keep"]


def test_a_conflict_is_decided_for_all_rows_of_the_text(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=conflicts")
    press(page, "3")
    assert {line["decision"] for line in lines(served)} == {"keep", "relabel"}
    page.wait_for_selector(".empty")


def test_a_reload_shows_the_same_row_and_all_decisions(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=all")
    press(page, "Enter")
    press(page, "j")
    here = page.locator("#text").inner_text()
    page.reload()
    page.wait_for_selector("#text")
    assert page.locator("#text").inner_text() == here
    assert page.locator(".people li .n").inner_text() == "1"


def test_two_browsers_see_each_other(open_page: OpenPage, served: Page) -> None:
    kim, lee = open_page("#queue=all"), open_page("#queue=all", name="lee")
    press(kim, "2")
    lee.wait_for_selector(".history >> text=kim")
    press(lee, "4")
    assert [line["by"] for line in lines(served)] == ["kim", "lee"]
    kim.wait_for_selector(".people >> text=lee")
    assert kim.locator(".kappa li").all_inner_texts() == ["kim · lee\n0.00 (rows: 1)"]


def test_hostile_texts_and_labels_are_text(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=conflicts")
    assert page.locator("#text").inner_text() == f"그럼 이따 {ATTACK} 만나자"
    assert page.locator("script:not([src='page.js']), #columns img, iframe").count() == 0
    page.goto(served.url + "#queue=unknown_labels")
    page.reload()
    page.wait_for_selector(f"text=심심 {ATTACK[:8]}")
    page.goto(served.url + "#queue=all&row=3&state=all")
    page.reload()
    page.wait_for_selector("#text")
    assert page.locator("#text").inner_text() == FROM_RIGHT
    page.goto(served.url + "#queue=all&row=4&state=all")
    page.reload()
    page.wait_for_selector("#text")
    assert len(page.locator("#text").inner_text()) > 99_000
    assert page.locator("#text").bounding_box()["height"] < 844 / 2


@pytest.mark.parametrize("width", [320, PHONE, DESK])
def test_the_page_never_scrolls_sideways(open_page: OpenPage, served: Page, width: int) -> None:
    page = open_page("#queue=conflicts", width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_language_of_the_browser_is_spoken_and_can_be_switched(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ETL_LANG")
    monkeypatch.setenv("LC_ALL", "C")
    page = open_page("#queue=all", locale="ko-KR")
    assert page.evaluate("document.documentElement.lang") == "ko"
    page.get_by_role("button", name="English").click()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.wait_for_selector("text=Queues")


def test_the_language_of_the_command_goes_before_that_of_the_browser(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETL_LANG", "ko")
    page = open_page("#queue=all", locale="en-US")
    page.get_by_role("button", name="English").click()
    page.reload()  # what was chosen on the page stays until the command ends
    page.wait_for_selector("text=Queues")


def test_the_page_asks_who_decides(open_page: OpenPage, served: Page) -> None:
    page = open_page("#queue=all", name=None, locale="en-US")
    page.wait_for_selector("dialog[open]")
    assert page.locator("#who").input_value() == "kim"
    page.locator("#who").fill("이몽룡")
    page.locator("#who").press("Enter")
    playwright.expect(page.locator("dialog[open]")).to_have_count(0)
    playwright.expect(page.locator(".who")).to_have_text("이몽룡")
    press(page, "Enter")
    assert [line["by"] for line in lines(served)] == ["이몽룡"]


def test_search_and_filters_choose_rows(open_page: OpenPage) -> None:
    page = open_page("#queue=all", locale="en-US")
    page.keyboard.press("/")
    with page.expect_response(lambda response: response.url.endswith("/find")):
        page.keyboard.type("العربية")
    playwright.expect(page.locator("#list li")).to_have_count(1)
    assert page.locator("#text").inner_text() == FROM_RIGHT


def test_everything_that_is_pressed_has_a_name(open_page: OpenPage) -> None:
    page = open_page("#queue=conflicts", locale="en-US")
    # One look at the whole page, which may draw its parts again between two.
    pressed = re.findall(r"- (?:button|combobox|searchbox|textbox)\b.*", page.locator("body").aria_snapshot())
    assert len(pressed) > 10
    assert [each for each in pressed if '"' not in each] == []
    assert page.evaluate("document.activeElement !== null")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_the_light_and_in_the_dark(open_page: OpenPage, scheme: str) -> None:
    page = open_page("#queue=conflicts", color_scheme=scheme, locale="en-US")
    parts = page.locator("h1, h2, h3, p, dt, dd, li span, li b, button span, kbd, label, .n, code")
    assert [text for text, contrast in parts.evaluate_all(CONTRASTS) if contrast < 4.5] == []


def test_lists_show_the_beginning_of_a_long_text(served: Page) -> None:
    listed = served.find("all", state="all")["list"]
    assert max(len(each["text"]) for each in listed) == 301


def test_sets_of_labels_are_chosen_and_then_saved(open_page: OpenPage, tmp_path: Path) -> None:
    votes = [{"label": "기쁨", "weight": 0.5}, {"label": "슬픔", "weight": 0.5}]
    rows = [make_row(at, label=None, label_votes=votes) for at in range(3)]
    dataset = write_dataset(tmp_path / "sets", rows, settings=SETS)
    with review_page(dataset, tmp_path / "sets.jsonl") as sets:
        page = open_page("#queue=all", url=sets.url)
        chosen = page.locator("[aria-pressed=true]")
        assert chosen.all_inner_texts() == ["1\n기쁨", "2\n슬픔"]
        page.keyboard.press("2")
        page.keyboard.press("1")
        page.keyboard.press("Enter")  # no label is no answer
        page.wait_for_selector("#said.bad")
        page.keyboard.press("1")
        page.keyboard.press("3")
        assert chosen.all_inner_texts() == ["1\n기쁨", "3\n분노"]
        press(page, "Enter")
        assert chosen.all_inner_texts() == ["1\n기쁨", "2\n슬픔"]
        press(page, "Enter")
        assert [(line["decision"], line.get("label")) for line in lines(sets)] == [
            ("relabel", ["기쁨", "분노"]),
            ("keep", None),
        ]
        page.close()


def test_what_an_unknown_label_means_is_one_label_where_rows_have_sets(
    open_page: OpenPage, tmp_path: Path
) -> None:
    rejects = [make_reject(50 + at, "unknown_label", raw_label="심심") for at in range(3)]
    dataset = write_dataset(tmp_path / "sets", clean_rows(5, 3, 3), rejects, settings=SETS)
    with review_page(dataset, tmp_path / "sets.jsonl") as sets:
        sets.review.queues.wait("unknown_labels")
        page = open_page("#queue=unknown_labels", url=sets.url)
        press(page, "2")
        [line] = lines(sets)
        assert (line["decision"], line["raw_label"], line["label"]) == ("map_label", "심심", "슬픔")
        page.close()  # it asks for news as long as it is open
