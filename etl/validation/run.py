"""Runs the checks on a dataset or an outside table and writes what they found.

The order is that of trust: files, columns, values, counts, then what the rows say of balance and leakage.
Where the columns are not those of the row, nothing further can be computed, and the report says so.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import polars as pl
from msgspec import structs

from etl.dataset.manifest import MANIFEST, Manifest
from etl.dataset.read import Dataset, open_dataset
from etl.errors import InputError, SettingsError
from etl.runtime import processes
from etl.runtime.files import write_atomic
from etl.settings import Settings
from etl.validation import contract_worker, sentences, thresholds
from etl.validation.checks import (
    accounts,
    balance,
    conflicts,
    counts,
    drift,
    files,
    label_noise,
    leakage,
    output_contract,
    overlap,
    texts,
    token_stats,
)
from etl.validation.checks import changes as since
from etl.validation.contract_worker import BeginToFind
from etl.validation.external import dataset as outside
from etl.validation.external.dataset import Columns
from etl.validation.findings import Finding, checks, in_order
from etl.validation.report import data_docs as docs
from etl.validation.report import page
from etl.validation.result import Result, Statistics

P = ParamSpec("P")
T = TypeVar("T")

_OF_FILES = {"file_missing", "file_unlisted", "file_hash", "columns", "types"}
# What only a dataset with a manifest can have wrong.
_OF_MANIFEST = {*_OF_FILES, "split_mismatch", "label_outside_taxonomy", "row_counts", "accounting"}
_OF_OUTSIDE = {"bad_rows", "label_spelling", "guessed_columns", "no_split_column", "files_left_aside"}


@dataclass(frozen=True)
class Subject:
    """What is validated; an outside table has become a temporary dataset and has no manifest to compare."""

    dataset: Dataset
    manifest: Manifest
    is_outside: bool = False
    findings: tuple[Finding, ...] = ()
    pair_cache: Path | None = None


@dataclass(frozen=True)
class Timer:
    """Calls a check, and adds up what each took."""

    seconds: dict[str, float] = field(default_factory=dict)

    def __call__(self, name: str, check: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `check` returns; its seconds go to `name`."""
        start = time.perf_counter()
        found = check(*args, **kwargs)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        return found


def validate(
    path: Path,
    *,
    columns: Columns = Columns(),
    settings: Settings = Settings(),
    out: Path | None = None,
    against: Path | None = None,
    data_docs: Path | None = None,
    is_label_noise: bool = False,
    show_text: bool = False,
    find_breaches: BeginToFind = contract_worker.here,
    pair_cache: Path | None = None,
) -> Result:
    """Checks a dataset, table or folder of tables; writes `findings.json` and `report.html`.

    Args:
        path: a dataset of ours, or what somebody else made.
        columns: which columns of an outside table hold what.
        settings: thresholds and severities, and of an outside table what is short and nearly the same; a
            dataset has that in its manifest.
        out: where to write; see `report_folder`.
        against: an earlier dataset, or table with the same columns, to compare with.
        data_docs: a folder for the contract as web pages, see `etl.validation.report.data_docs`.
        is_label_noise: look for wrong labels too, and list them beside the report.
        show_text: let the report quote the sentences of example rows. Some corpora forbid redistribution.
        find_breaches: where the contract is checked: here, or in the process that `apart.imported` begins.
        pair_cache: a folder with the near-duplicates that earlier runs found.

    Raises:
        InputError: nothing there can be read as a dataset or table, or the columns are not to be found.
        SettingsError: the settings name a finding that there is none of, or columns of a dataset; label noise
            needs packages that are not installed; or `data_docs` holds something else.
        WriteError: the report cannot be written.
    """
    # What is wrong with the request is said before the checks take their time.
    if is_label_noise:
        label_noise.require_extra()
    if data_docs:
        docs.check_directory(data_docs)
    timer = Timer()
    folder = out or report_folder(path)
    with (
        thresholds.chosen(settings.validate, checks()),
        _opened(path, columns, settings, timer) as subject,
        _earlier(against, columns, settings, timer) as earlier,
    ):
        suspects = folder if is_label_noise else None
        result = check(
            replace(subject, pair_cache=pair_cache),
            timer,
            earlier=earlier,
            suspects=suspects,
            show_text=show_text,
            find_breaches=find_breaches,
        )
        if data_docs:
            timer("data docs", docs.build, subject.dataset, data_docs)
        quoted = accounts.example_texts(subject.dataset, result) if show_text and result.statistics else {}
        # Nothing is written before all of it can be.
        document = json.dumps(result.document(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        html = timer("report", page.render, path.resolve().name, result, quoted)
    write_atomic(folder / "findings.json", document)
    write_atomic(folder / "report.html", html)
    return result


def report_folder(path: Path) -> Path:
    """Where a report goes: `validation/` in a dataset, `NAME.validation/` beside anything else."""
    if _is_dataset(path):
        return path / "validation"
    place = path.resolve() if path.name in ("", "..") else path
    return place.with_name(f"{place.name}.validation")


def check(
    subject: Subject,
    timer: Timer,
    *,
    earlier: Dataset | None = None,
    suspects: Path | None = None,
    show_text: bool = False,
    find_breaches: BeginToFind = contract_worker.here,
) -> Result:
    """Checks what was opened; writes nothing but the list of suspect labels.

    Args:
        subject: what to check.
        timer: learns what each check took.
        earlier: what to compare it with.
        suspects: a folder for the list of labels that are likely wrong; None: they are not looked for.
        show_text: let that list quote sentences.
        find_breaches: see `validate`.

    Raises:
        InputError: a file is not readable Parquet.
    """
    dataset, manifest = subject.dataset, subject.manifest
    findings = list(subject.findings)
    codes = _looked_for(subject, is_compared=earlier is not None, is_label_noise=suspects is not None)
    if not subject.is_outside:
        findings += timer("files", files.check_files, dataset, manifest)
        broken = timer("files", files.check_schema, dataset)
        if broken:
            codes = tuple(code for code in codes if code in _OF_FILES)
            return Result(in_order([*findings, *broken]), None, codes, timer.seconds)
    breaches = timer("contract", find_breaches, dataset, manifest.taxonomy.targets)
    with contract_worker.explained_by(breaches):
        counted = timer("balance", balance.count, dataset)
        rejected = timer("balance", accounts.count_rejects, dataset)
        if not subject.is_outside:
            by_file = files.rows_by_file(dataset)
            findings += timer("contract", counts.check_counts, manifest, counted, rejected, by_file)
        statistics = _measure(subject, counted, rejected, timer)
    findings += _judge(statistics, manifest)
    if earlier:
        changed = timer("against", since.measure, dataset, earlier)
        statistics = replace(statistics, against=changed)
        findings += since.check(changed)
    if suspects:
        noise = timer("label noise", label_noise.find, dataset, suspects, show_text=show_text)
        statistics = replace(statistics, label_noise=noise)
        findings += label_noise.check(noise)
    findings += output_contract.check_values(timer("contract", breaches), manifest.taxonomy.name)
    return Result(in_order(findings), statistics, codes, timer.seconds)


def _measure(subject: Subject, counted: pl.DataFrame, rejected: pl.DataFrame, timer: Timer) -> Statistics:
    dataset, dedupe = subject.dataset, subject.manifest.settings.dedupe
    cells = balance.cells(counted)
    balances = balance.balances(cells)
    with ThreadPoolExecutor(1) as beside:
        # Half of the time of all checks, and one core's work.
        reading = partial(timer, "near-duplicates", sentences.read, dataset, dedupe, subject.pair_cache)
        near = beside.submit(partial(copy_context().run, reading))
        drifts = timer("drift", drift.measure, dataset, cells)
        rater_agreements = timer("conflicts", conflicts.rater_agreements, dataset)
        of_texts = timer("text", texts.measure, dataset, "raw_text" if subject.is_outside else "text")
        of_tokens = timer("tokens", token_stats.measure, dataset)
        rows = processes.wait_for_result(near)
    return Statistics(
        accounts=accounts.accounts(counted, rejected),
        cells=tuple(cells),
        balances=tuple(balances),
        constant_predictors=tuple(balance.constant_predictors(balances)),
        label_predicts_source=balance.label_predicts_source(cells),
        drifts=drifts,
        leaks=tuple(timer("leakage", leakage.leaks, rows, dedupe)),
        repeats=tuple(timer("leakage", overlap.repeats, rows, dedupe)),
        source_overlaps=tuple(timer("leakage", overlap.sources, rows)),
        conflicts=tuple(timer("conflicts", conflicts.conflicts, rows)),
        rater_agreements=tuple(rater_agreements),
        texts=of_texts,
        tokens=of_tokens,
    )


def _judge(measured: Statistics, manifest: Manifest) -> list[Finding]:
    return [
        *texts.check(measured.texts),
        *balance.check(list(measured.cells), manifest.taxonomy.targets),
        *drift.check(measured.drifts, measured.tokens.unseen),
        *leakage.check(list(measured.leaks)),
        *overlap.check(list(measured.repeats), list(measured.source_overlaps)),
        *conflicts.check(list(measured.conflicts), list(measured.rater_agreements)),
        *token_stats.check(measured.tokens),
    ]


def _looked_for(subject: Subject, *, is_compared: bool, is_label_noise: bool) -> tuple[str, ...]:
    """The codes of all findings that this run can raise."""
    left_out = _OF_MANIFEST if subject.is_outside else _OF_OUTSIDE
    return tuple(
        code
        for code, check in checks().items()
        if code not in left_out
        and check["severity"] != "off"
        and (is_compared or not code.startswith("since_"))
        and (is_label_noise or check["area"] != "noise")
    )


def _is_dataset(path: Path) -> bool:
    return (path / MANIFEST).is_file()


@contextmanager
def _opened(path: Path, columns: Columns, settings: Settings, timer: Timer) -> Iterator[Subject]:
    if _is_dataset(path):
        if columns.named:
            raise SettingsError(
                f"{path} is a dataset, whose columns are known",
                details=[f"got a column for {', '.join(columns.named)}"],
                next_step=f"leave those options out: `etl validate {path}`",
            )
        dataset = open_dataset(path)
        yield Subject(dataset, dataset.manifest)
        return
    with ExitStack() as stack:
        dataset, found = timer("reading", stack.enter_context, outside.as_dataset(path, columns))
        manifest = dataset.manifest
        own_settings = structs.replace(manifest.settings, dedupe=settings.dedupe)
        own = structs.replace(manifest, settings=own_settings)
        yield Subject(dataset, own, is_outside=True, findings=tuple(found))


@contextmanager
def _earlier(
    against: Path | None, columns: Columns, settings: Settings, timer: Timer
) -> Iterator[Dataset | None]:
    if against is None:
        yield None
        return
    of_table = Columns() if _is_dataset(against) else columns
    with _opened(against, of_table, settings, timer) as subject:
        broken = files.check_schema(subject.dataset)
        if broken:
            raise InputError(
                f"{against} cannot be compared with",
                details=[finding.message for finding in broken],
                next_step=f"see `etl validate {against}`",
            )
        yield subject.dataset
