import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from support.small_datasets import clean_rows, make_reject
from typer.testing import CliRunner

from etl.commands.validate import validate as command
from etl.settings import Dedupe, Settings, Validate
from etl.validation.run import validate

pytestmark = pytest.mark.slow

Write = Callable[..., Path]
ATTACK = "<script>alert(1)</script> 오늘은 정말 좋은 날이다"


def report(path: Path, **options: Any) -> str:
    validate(path, **options)
    return (path / "validation" / "report.html").read_text(encoding="utf-8")


def leaking(write: Write) -> Path:
    rows = clean_rows()
    for at in (0, 80):
        rows[at] |= {"text": ATTACK, "raw_text": ATTACK}
    rows[81]["text"] = f"{rows[1]['text']}!!"
    return write(rows, [make_reject(900, "empty_text")])


class Reader(HTMLParser):
    """Collects the tags, and those that are opened and never closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "link", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_sentence_is_absent_unless_asked_for_and_then_escaped(write: Write) -> None:
    path = leaking(write)
    assert "alert(1)" not in report(path)
    shown = report(path, show_text=True)
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt; 오늘은" in shown
    assert "alert(1)" not in (path / "validation" / "findings.json").read_text(encoding="utf-8")


def test_both_rows_of_a_leaking_pair_are_named_and_quoted_if_asked_for(write: Write) -> None:
    path = leaking(write)
    for show_text in (False, True):
        section = report(path, show_text=show_text).partition('id="pairs"')[2].partition("</section>")[0]
        rows = re.findall(r'<tr><th class="label" scope="row">.*?</tr>', section)
        assert [row.partition('"level">')[2][:2] for row in rows] == ["L0", "L1"]
        assert [re.findall(r"table:\d+", row) for row in rows] == [
            ["table:80", "table:0"],
            ["table:81", "table:1"],
        ]
        assert rows[0].count("alert(1)") == 2 * show_text


@pytest.mark.parametrize("column", ["id", "label", "source"])
def test_markup_in_ids_labels_and_sources_is_escaped(write: Write, column: str) -> None:
    rows = clean_rows()
    rows[0][column] = "<img src=x onerror=alert(1)>"
    rows[0]["raw_text"] = rows[80]["raw_text"]
    reader = Reader()
    reader.feed(report(write(rows)))
    assert "img" not in reader.tags


def test_the_report_is_one_whole_file_that_fetches_and_runs_nothing(write: Write) -> None:
    reader = Reader()
    reader.feed(report(leaking(write)))
    assert reader.open == []
    assert not reader.tags & {"script", "link", "img", "iframe", "object"}
    assert all(address.startswith("#") for address in reader.addresses)


def test_the_report_opens_with_the_verdict_and_names_what_was_found(write: Write) -> None:
    html = report(leaking(write))
    assert (
        html.index("Do not train on this yet") < html.index("val_accuracy 0.2500") < html.index("leak_exact")
    )
    assert re.search(r"<code>empty_text</code></td><td[^>]*><span[^>]*>nothing is left of the sentence", html)
    assert "table:80" in html


def areas(html: str) -> dict[str, str]:
    """What the header says of each area."""
    found = re.findall(r"<li class=\"[a-z]+\"><b>(\w+)</b> <span>(.*?)</span></li>", html)
    return {area: re.sub("<[^>]+>", "", told) for area, told in found}


def test_the_header_says_of_each_area_what_was_found(write: Write) -> None:
    told = areas(report(leaking(write)))
    assert told["Contract"] == "nothing found"
    assert told["Balance"] == "2 notes"
    assert told["Leakage"] == "2 errors"
    assert told["Noise"] == "not asked for"


def test_what_could_not_be_looked_at_is_not_called_clean(write: Write) -> None:
    path = leaking(write)
    shard = next(path.glob("data/train-*.parquet"))
    pq.write_table(pq.read_table(shard).drop_columns(["label"]), shard)
    told = areas(report(path))
    assert "error" in told["Contract"]
    why = "not looked at: the columns are not those of a row"
    assert told["Balance"] == told["Leakage"] == why


def test_an_area_that_could_not_be_checked_is_grey_and_says_why(tmp_path: Path) -> None:
    rows = [f"{row['raw_text']},{row['label']}" for row in clean_rows()]
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    chosen = Settings(validate=Validate(severities={"no_validation": "off"}))
    result = validate(path, settings=chosen)
    assert result.verdict() == "clean"
    assert result.document()["unchecked"] == {"drift": "no split column", "leakage": "no split column"}
    html = (tmp_path / "rows.csv.validation" / "report.html").read_text(encoding="utf-8")
    assert areas(html)["Drift"] == areas(html)["Leakage"] == "not looked at: no split column"
    assert "Nothing was found, but not all was looked at" in html
    assert "drift and leakage (no split column)" in html
    assert "Everything was looked at" not in html
    assert '<header class="note">' in html
    rows = [f"{row['raw_text']},{row['label']},{row['split']}" for row in clean_rows()]
    path.write_text("\n".join(["text,label,split", *rows]), encoding="utf-8")
    without_near = validate(path, settings=Settings(dedupe=Dedupe(near=0)))
    assert without_near.unchecked == {"leakage": "near-duplicates: dedupe.near is 0"}


def test_the_numbers_of_the_header_add_up(write: Write) -> None:
    rows = clean_rows()
    rows[0]["label"] = rows[90]["label"] = None
    html = report(write(rows, [make_reject(900, "empty_text")]))
    figures = {name: int(number) for name, number in re.findall(r"<dt>([a-z ]+)</dt><dd>([\d,]+)</dd>", html)}
    assert figures["rows read"] == figures["kept"] + figures["rejected"] == 121
    splits = ("train", "validation", "test", "unlabelled")
    assert sum(figures[split] for split in splits) == figures["kept"]


def test_everything_was_looked_at_only_where_nothing_was_left_out(write: Write) -> None:
    path = write(clean_rows())
    assert "Everything was looked at" not in report(path)
    assert "Not asked for: noise and corrections" in report(path)


def test_a_clean_dataset_is_told_in_a_sentence_and_asks_for_nothing(write: Write) -> None:
    html = report(write(clean_rows()))
    assert "Nothing stands in the way of training" in html
    assert "Neither an error nor a warning was found" in html
    assert "rejected" not in html


def test_a_column_of_a_thousand_labels_does_not_flood_the_report(write: Write) -> None:
    rows = clean_rows(train=400)
    for number, row in enumerate(rows):
        row["label"] = f"label {number} " + "x" * 500
    html = report(write(rows))
    assert "400 rarer labels are not shown" in html
    assert "x" * 100 not in re.sub(r'title=".*?"|aria-label=".*?"|<article.*', "", html, flags=re.DOTALL)


def test_the_same_rows_give_the_same_report_whatever_their_order(write: Write) -> None:
    rows = clean_rows()
    rows[80]["raw_text"] = rows[0]["raw_text"]
    there, back = (write(ordered) for ordered in (rows, rows[::-1]))
    first, second = (report(path).replace(path.name, "") for path in (there, back))
    assert first == second


def run(*arguments: str):
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_shows_findings_and_exits_with_three(write: Write) -> None:
    path = str(leaking(write))
    shown = run(path)
    assert shown.exit_code == 3
    assert "leak_exact: 1 of 20 rows of validation (5.00%)" in shown.stdout
    # One with the same raw text, one with the same normalised text; both would be near-duplicates, too.
    assert "2 errors, " in shown.stdout
    assert run(path, "--fail-on", "never").exit_code == 0


def test_json_is_the_only_thing_on_standard_output(write: Write) -> None:
    path = leaking(write)
    shown = run(str(path), "--json")
    assert json.loads(shown.stdout) == json.loads(
        (path / "validation" / "findings.json").read_text(encoding="utf-8")
    )


def test_warnings_fail_only_where_asked(write: Write) -> None:
    path = str(write(clean_rows(validation=0)))
    assert run(path).exit_code == 0
    assert run(path, "--fail-on", "warning").exit_code == 3
