"""Runs the checks on a dataset or an external table, and writes the findings and the report.

Files come first, then rows. Where the columns are not those of the row, nothing further can be measured, and
the report says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import polars as pl

from etl.dataset import preparation
from etl.dataset.absent import is_model, is_publish_dir, no_dataset
from etl.dataset.manifest import MANIFEST
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError, SettingsError
from etl.ingestion.tables.dialect import parse_dialect
from etl.language.message import joined, tr
from etl.runtime.files import write_atomic
from etl.runtime.machine import read_memory_limit
from etl.runtime.paths import local_path
from etl.runtime.threads import submit, wait_for_result
from etl.settings import PathLike, Settings
from etl.settings import load as load_settings
from etl.validation import contract_worker
from etl.validation.check import STAGES, Check
from etl.validation.checks import CHECKS, columns, leakage
from etl.validation.checks.label_noise import require_extra
from etl.validation.contract_worker import StartCheck
from etl.validation.evidence import check_folder, write_evidence
from etl.validation.external.dataset import Columns, open_as_dataset
from etl.validation.findings import Finding
from etl.validation.report import page
from etl.validation.report.data_docs import build as build_data_docs
from etl.validation.report.data_docs import check_directory
from etl.validation.result import Result
from etl.validation.rules import Rules, load_rules
from etl.validation.sentences import read_sentences
from etl.validation.view import View, with_dedupe, with_strict_dedupe

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Timer:
    """Calls functions, and adds up what each took.

    Attributes:
        seconds: by name.
    """

    seconds: dict[str, float] = field(default_factory=dict)

    def __call__(self, name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls `function` and adds its time to `name`."""
        start = time.perf_counter()
        returned = function(*args, **kwargs)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        return returned


def validate(
    path: PathLike | Dataset,
    *,
    settings: Settings | PathLike | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    split_column: str | None = None,
    group_column: str | None = None,
    delimiter: str | None = None,
    header: bool = True,
    out: PathLike | None = None,
    against: PathLike | Dataset | None = None,
    label_noise: bool = False,
    show_text: bool = False,
    raw: bool = False,
    data_docs: PathLike | None = None,
    evidence: PathLike | None = None,
    start_check: StartCheck = contract_worker.in_process,
    pair_cache: Path | None = None,
    memory: str | None = None,
) -> Result:
    """Checks a dataset, a table or a folder of tables; writes `findings.json` and `report.html`.

    Args:
        path: a dataset of `etl ingest`, or a table or folder of tables that something else wrote.
        settings: settings, or an `etl.yaml`: thresholds and severities, and which utterances are short and
            which near-duplicates. Of these, what a dataset has in its manifest counts where it is stricter.
        text_column, label_column, split_column, group_column: the columns of an external table; those that
            are not given are guessed from their names.
        delimiter, header: how an external table is written: what stands between the fields of a delimited
            text, which is found where it is not given, and whether the names of the columns stand above.
        out: the folder to write to; see `report_folder` for the default.
        against: an earlier dataset, or table with the same columns, to compare with.
        label_noise: look for wrong labels too, and list them beside the report.
        show_text: let the report quote the sentences of example rows. Some corpora forbid redistribution.
        raw: leave the cells of that list as they are, also those that a spreadsheet takes for formulas.
        data_docs: a folder for the contract as web pages, see `etl.validation.report.data_docs`.
        evidence: a folder for all rows of the findings, with their texts, see `etl.validation.evidence`. Its
            CSV files obey `raw`, too.
        start_check: starts the check of the output contract. The command does it in a process of its own, by
            `contract_worker.in_subprocess`.
        pair_cache: a folder with the near-duplicates that earlier runs found.
        memory: how much of it the checks may use, such as `2GB`, see `etl.runtime.machine.read_memory_limit`;
            None: half of what is free. It decides what is held at a time, never the result.

    Returns:
        The findings, the measures they were judged by, and an exit code.

    Raises:
        InputError: nothing at `path` can be read as a dataset or table, or the columns are not to be found.
        SettingsError: the settings name a finding code that does not exist, or the options name columns of a
            dataset; label noise needs packages that are not installed; `data_docs` holds something else; or
            `memory` is no size, or more than there is.
        WriteError: the report cannot be written.
    """
    # Wrong requests are refused before the checks take their time.
    if label_noise:
        require_extra()
    if data_docs:
        check_directory(Path(data_docs))
    if evidence:
        check_folder(Path(evidence))
    limit = read_memory_limit(memory)
    chosen = settings if isinstance(settings, Settings) else _read_settings(settings)
    rules, timer, subject = load_rules(chosen.validate), Timer(), _as_path(path)
    folder = local_path(out) if out else report_folder(subject)
    dialect = parse_dialect(delimiter, header=header)
    named = Columns(text_column, label_column, split_column, group_column, dialect)
    with (
        _open_view(subject, named, chosen, timer) as view,
        _open_earlier(against, named, chosen, rules, timer) as earlier,
    ):
        noise_dir = folder if label_noise else None
        whole = replace(
            view,
            earlier=earlier,
            evidence_dir=Path(evidence) if evidence else None,
            noise_dir=noise_dir,
            show_text=show_text,
            is_raw=raw,
            pair_cache=pair_cache,
            memory=limit,
        )
        result = run_checks(whole, rules, timer, start_check)
        if data_docs:
            timer("data docs", build_data_docs, view.dataset, Path(data_docs))
        quotes = _read_examples(view.dataset, result) if show_text and result.statistics else {}
        # Nothing is written before all of it can be.
        document = json.dumps(result.document(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        html = timer("report", page.render, subject.resolve().name, result, quotes)
    write_atomic(folder / "findings.json", document)
    write_atomic(folder / "report.html", html)
    return result


def report_folder(path: Path) -> Path:
    """Returns the default folder: `validation/` in a dataset, `NAME.validation/` beside anything else."""
    if _is_dataset(path):
        return path / "validation"
    named = path.resolve() if path.name in ("", "..") else path
    return named.with_name(f"{named.name}.validation")


def run_checks(
    view: View,
    rules: Rules,
    timer: Timer | None = None,
    start_check: StartCheck = contract_worker.in_process,
) -> Result:
    """Runs all checks that are applicable; writes nothing but the list of suspect labels, and evidence.

    Args:
        view: what to check.
        rules: thresholds, severities and words.
        timer: adds up what each check took.
        start_check: see `validate`.

    Raises:
        InputError: a file is not readable Parquet.
    """
    timer = timer or Timer()
    checks = [check for check in CHECKS if check.is_applicable(view)]
    of_files = [check for check in checks if check.stage == "files"]
    measured = _measure(of_files, view, timer)
    findings = _judge(of_files, measured, rules)
    if any(finding.code in columns.CHECK.codes for finding in findings):
        why: str = tr("the columns are not those of a row")
        unchecked = dict.fromkeys(rules.areas[1:], why)
        codes = _codes(of_files, rules)
        result = Result(rules.sort(findings), None, codes, unchecked, rules, timer.seconds)
        return write_evidence(view, result) if view.evidence_dir else result
    wait = timer("contract", start_check, view.dataset)
    with contract_worker.reraise_with_shard(wait), ThreadPoolExecutor(1) as thread:
        # Half of the time of all checks, and the work of one core.
        dedupe = view.manifest.settings.dedupe
        read = partial(read_sentences, view.dataset, dedupe, view.pair_cache, view.memory)
        future = submit(thread, timer, "near-duplicates", read)
        view = replace(view, wait_for_sentences=partial(wait_for_result, future), wait_for_breaches=wait)
        for stage in STAGES[1:]:
            measured |= _measure([check for check in checks if check.stage == stage], view, timer)
        findings = _judge(checks, measured, rules)
        statistics = {check.name: measured.get(check.name) for check in CHECKS}
        unchecked = _find_unchecked(checks, view, rules)
        codes = _codes(checks, rules)
        result = Result(rules.sort(findings), statistics, codes, unchecked, rules, timer.seconds)
        if view.evidence_dir:
            result = timer("evidence", write_evidence, view, result)
    return result


def _measure(checks: Iterable[Check[Any]], view: View, timer: Timer) -> dict[str, Any]:
    return {check.name: timer(check.name, check.measure, view) for check in checks}


def _judge(checks: Iterable[Check[Any]], measured: dict[str, Any], rules: Rules) -> list[Finding]:
    return [finding for check in checks for finding in check.judge(measured[check.name], rules)]


def _codes(checks: Iterable[Check[Any]], rules: Rules) -> tuple[str, ...]:
    """Returns the codes that the checks look for, in the order of the rules."""
    codes = {code for check in checks for code in check.codes}
    return tuple(code for code, rule in rules.by_code.items() if code in codes and rule.severity != "off")


def _find_unchecked(checks: Iterable[Check[Any]], view: View, rules: Rules) -> dict[str, str]:
    """Returns why an area could not be looked at, or not all of it, by area."""
    reasons: dict[str, dict[str, None]] = {}
    for check in checks:
        if reason := check.why_not(view):
            reasons.setdefault(rules[check.codes[0]].area, {})[reason] = None
    return {area: joined("; ", reasons[area]) for area in rules.areas if area in reasons}


def _read_examples(dataset: Dataset, result: Result) -> dict[str, str]:
    """Reads the sentences of the rows that findings and leaks name, by id."""
    assert result.statistics
    ids = {example for finding in result.findings for example in finding.examples}
    ids |= {
        row_id for leak in result.statistics[leakage.CHECK.name] for pair in leak.pairs for row_id in pair
    }
    named = dataset.scan().filter(pl.col("id").is_in(sorted(ids))).select("id", "raw_text").drop_nulls()
    return dict(named.collect().iter_rows())


def _read_settings(config: PathLike | None) -> Settings:
    return load_settings(None if config is None else Path(config), {})


def _as_path(path: PathLike | Dataset) -> Path:
    return path.path if isinstance(path, Dataset) else local_path(path)


def _is_dataset(path: Path) -> bool:
    """Whether a path is a dataset, or else a table.

    Raises:
        InputError: it holds published versions; read as tables, these would be one heap. Or it is a model,
            or a dataset that lost its manifest, whose contract nobody can check.
    """
    if is_publish_dir(path) or is_model(path):
        raise no_dataset(path, MANIFEST)
    if (path / preparation.FILE).is_file() and not (path / MANIFEST).is_file():
        raise InputError(
            tr("{path} is a dataset without its {manifest}", path=path, manifest=MANIFEST),
            cause=tr("It was copied or deleted in part, so its contract and its counts cannot be checked."),
            next_step=tr(
                "copy or ingest it again; to check its rows as those of any table: `etl validate {data}`",
                data=path / "data",
            ),
        )
    return (path / MANIFEST).is_file()


@contextmanager
def _open_view(path: Path, named: Columns, settings: Settings, timer: Timer) -> Iterator[View]:
    if _is_dataset(path):
        if named.by_role:
            raise SettingsError(
                tr("{path} is a dataset, whose columns are known", path=path),
                details=[
                    tr("got {options}", options=", ".join(f"--{role}-column" for role in named.by_role))
                ],
                next_step=tr("leave those options out: `etl validate {path}`", path=path),
            )
        yield View(with_strict_dedupe(open_dataset(path, is_as_found=True), settings.dedupe))
        return
    with ExitStack() as stack:
        dataset, table = timer("reading", stack.enter_context, open_as_dataset(path, named))
        yield View(with_dedupe(dataset, settings.dedupe), table)


@contextmanager
def _open_earlier(
    against: PathLike | Dataset | None, named: Columns, settings: Settings, rules: Rules, timer: Timer
) -> Iterator[Dataset | None]:
    if against is None:
        yield None
        return
    path = _as_path(against)
    with _open_view(path, Columns() if _is_dataset(path) else named, settings, timer) as view:
        broken = columns.judge(columns.measure(view), rules)
        if broken:
            raise InputError(
                tr("{path} cannot be compared with", path=path),
                details=[finding.message for finding in broken],
                next_step=tr("see `etl validate {path}`", path=path),
            )
        yield view.dataset
