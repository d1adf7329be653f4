from xml.etree import ElementTree as ET

import pytest

from etl.validation.findings import Finding
from etl.validation.report import formats
from etl.validation.result import FailOn, Result
from etl.validation.rules import load_rules

ODD = '<b>"100 %" & \']]>\x07\n::error::, 한글'
CODES = ("leak_exact", "imbalance", "constant_predictor", "duplicate_ids")


def finding(code: str, severity: str, message: str = "found") -> Finding:
    return Finding(code, severity, message, 3, 0, ("rows.csv:2",), "look at it", 1)  # type: ignore[arg-type]


def result(*findings: Finding) -> Result:
    return Result(findings, None, CODES)


FOUND = result(
    finding("leak_exact", "error", ODD),
    finding("leak_exact", "error", "in test too"),
    finding("imbalance", "warning"),
    finding("constant_predictor", "note"),
)


def junit(found: Result, fail_on: FailOn) -> ET.Element:
    return ET.fromstring(formats.render(found, "junit", name=ODD, fail_on=fail_on))


@pytest.mark.parametrize(("fail_on", "failed"), [("error", 1), ("warning", 2), ("never", 0)])
def test_junit_has_a_case_for_each_code_and_fails_what_fails_the_run(fail_on: FailOn, failed: int) -> None:
    suites = junit(FOUND, fail_on)
    cases = suites.findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == list(CODES)
    assert {case.get("classname") for case in cases} == {
        f"etl.validation.{area}" for area in ("leakage", "balance", "contract")
    }
    assert len(suites.findall(".//failure")) == failed
    for counted in (suites, suites[0]):
        assert (counted.get("tests"), counted.get("failures")) == ("4", str(failed))
    # What fails nothing is not lost.
    assert len(suites.findall(".//failure")) + len(suites.findall(".//system-out")) == 3


def test_junit_says_what_was_found_whatever_characters_it_has() -> None:
    failure = junit(FOUND, "error").find(".//failure")
    assert failure is not None
    assert failure.get("type") == "error"
    message = failure.get("message") or ""
    assert message.startswith('<b>"100 %" & \']]>\ufffd')
    assert message.endswith("in test too")
    assert failure.text is not None
    for fact in ("100 %", "한글", "in test too", "rows.csv:2", "Next: look at it"):
        assert fact in failure.text


def test_github_gets_one_command_a_line_with_everything_escaped() -> None:
    lines = formats.render(FOUND, "github", name="rows.csv", fail_on="error").split("\n")
    assert [line.split(" ", 1)[0] for line in lines] == ["::error", "::error", "::warning", "::notice"]
    assert lines[0].startswith('::error title=The same raw text in train::leak_exact: <b>"100 %25" & \']]>')
    assert "%0A::error::, 한글%0Afor example 1 of 1 row: rows.csv:2%0ANext: look at it" in lines[0]
    assert "Next" not in lines[3]


def test_github_escapes_what_ends_a_property() -> None:
    titles = [rule.title for rule in load_rules().by_code.values()]
    every = result(*(finding(code, "note") for code in load_rules().by_code))
    lines = formats.render(every, "github", name="", fail_on="error").split("\n")
    for title, line in zip(titles, lines, strict=True):
        escaped = line.removeprefix("::notice title=").split("::", 1)[0]
        assert "," not in escaped
        assert ":" not in escaped
        assert escaped.replace("%3A", ":").replace("%2C", ",").replace("%25", "%") == title


def test_nothing_found_is_no_annotation_and_no_failure() -> None:
    assert formats.render(result(), "github", name="x", fail_on="warning") == ""
    assert len(junit(result(), "warning").findall(".//testcase")) == 4
    assert formats.render(result(), "table", name="x", fail_on="warning") == "0 errors, 0 warnings."


def test_a_table_has_message_examples_and_next_step() -> None:
    [found] = load_rules().judge("bad_rows", 2, examples=["rows.csv:7"], difference="why (2)")
    lines = formats.render(result(found), "table", name="x", fail_on="error").split("\n")
    assert lines == [
        "error    bad_rows: 2 records are left out: why (2)",
        "         for example 1 of 2 rows: rows.csv:7",
        f"         Next: {found.what_to_do}",
        "1 error, 0 warnings.",
    ]
