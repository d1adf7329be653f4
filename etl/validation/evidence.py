"""Evidence: all rows of the findings, in full, for people and programs to work on.

A folder with two files for each finding code, `CODE.parquet` and `CODE.csv`, and `index.json`:

    {"format": 1,
     "findings": {CODE: {"rows": int, "groups": int, "severity": "error" | "warning" | "note" | null,
                         "meaning": str}, …}}

`severity` is null where the rows are too few for a finding. Which rows they are the checks select, see
`etl.validation.selection`; the texts are read again from the dataset, in one pass for each code, and put into
the order of the selection a batch at a time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
from msgspec import structs

from etl.dataset.read import Dataset, open_dataset
from etl.dataset.staging import check_replaceable, staging
from etl.errors import InputError
from etl.language.message import tr
from etl.language.system_words import system_words
from etl.runtime.failures import write_error
from etl.runtime.scratch import temporary_folder
from etl.schema import votes
from etl.schema.splits import ALL_SPLITS
from etl.settings import Dedupe, PathLike
from etl.text.spreadsheet import guard_cells
from etl.user_files.plain import plain_file
from etl.validation.checks import CHECKS
from etl.validation.findings import Finding
from etl.validation.partitions import deal, read_dealt
from etl.validation.result import Result
from etl.validation.selection import ROW
from etl.validation.view import View, with_dedupe, with_strict_dedupe

_log = logging.getLogger(__name__)

INDEX = "index.json"
FORMAT = 1
COLUMNS = pl.Schema(
    {
        "group": pl.Int64(),
        "id": pl.String(),
        "source": pl.String(),
        "split": pl.String(),
        "label": pl.String(),
        "likely_label": pl.String(),
        "confidence": pl.Float64(),
        "similarity": pl.Float64(),
        "text": pl.String(),
        "file": pl.String(),
        "member": pl.String(),
        "position": pl.Int64(),
        "detail": pl.String(),
    }
)
# Findings whose rows are those of another.
_ROWS_OF = {"label_noise": "label_suspects"}
_ORDER = "_order"
_SELECTED = ("group", "likely_label", "confidence", "similarity", "detail")
# Of these near-duplicates are looked for.
_OF_NEAR = {"leak_near", "repeats"}
# What is held of the texts at a time.
_BATCH_ROWS = 100_000
# Of one sheet, with the header.
_MOST_ROWS_OF_A_SPREADSHEET = 1_048_575


def collect(dataset: PathLike | Dataset, codes: Collection[str] | None = None) -> dict[str, pl.DataFrame]:
    """Returns the rows of findings in full, in memory, by finding code; without codes that have none.

    Args:
        dataset: one that `etl ingest` wrote.
        codes: which findings; None: all but those of `--label-noise`. Near-duplicates (`leak_near` and
            `repeats`) and `label_suspects` take long.

    Returns:
        Frames with `COLUMNS`. Rows with one number of `group` belong together; the most important come first.
    """
    strict = with_strict_dedupe(open_dataset(dataset), Dedupe())
    if codes is not None and not {*codes} & _OF_NEAR:
        strict = with_dedupe(strict, structs.replace(strict.manifest.settings.dedupe, near=0.0))
    view = View(strict)
    selections = _select(view, {}, codes)
    return {code: pl.concat(_read(view, code, rows)) for code, rows in selections.items() if rows.height}


def write_evidence(view: View, result: Result) -> Result:
    """Writes the evidence for all codes that were looked for, into `view.evidence_dir`.

    Args:
        view: whose rows. The folder is empty, not there, or holds earlier evidence, which is replaced.
        result: the findings, and the measures.

    Returns:
        The result, with the file of each finding that has one.

    Raises:
        SettingsError: the folder holds something else.
        WriteError: it cannot be written.
    """
    folder = view.evidence_dir
    assert folder is not None
    severities = {found.code: found.severity for found in reversed(result.findings)}
    # With other columns than those of the row there is nothing to select by.
    codes = result.checked if result.statistics is not None else ()
    index: dict[str, dict[str, Any]] = {}
    with staging(folder, INDEX) as staged:
        for code, rows in _select(view, result.statistics or {}, codes).items():
            if rows.height:
                _write(_read(view, code, rows), staged / code, is_raw=view.is_raw)
                about = {"severity": severities.get(code), "meaning": result.rules[code].title}
                index[code] = {"rows": rows.height, "groups": rows["group"].n_unique(), **about}
            if rows.height > _MOST_ROWS_OF_A_SPREADSHEET:
                _log.warning(
                    tr(
                        "{code}.csv has {rows:,} rows, more than a spreadsheet shows",
                        code=code,
                        rows=rows.height,
                    )
                )
        document = json.dumps({"format": FORMAT, "findings": index}, ensure_ascii=False, indent=2)
        (staged / INDEX).write_text(document + "\n", encoding="utf-8")
    return replace(result, findings=tuple(_with_file(found, index, folder) for found in result.findings))


def _with_file(finding: Finding, written: Collection[str], folder: Path) -> Finding:
    code = _ROWS_OF.get(finding.code, finding.code)
    return replace(finding, evidence=f"{folder}/{code}.csv") if code in written else finding


def check_folder(folder: Path) -> None:
    """Refuses a folder that holds something else than earlier evidence.

    Raises:
        SettingsError: it does, or is a file.
    """
    check_replaceable(folder, INDEX)


def read(folder: PathLike) -> dict[str, pl.DataFrame]:
    """Reads evidence, as `collect` returns it.

    Raises:
        InputError: the folder holds no evidence, or a file of it cannot be read.
    """
    folder = Path(folder)
    try:
        document = json.loads(plain_file(folder / INDEX).read_bytes())
        codes = [str(code) for code in document["findings"]]
        frames = {code: pl.read_parquet(plain_file(folder / f"{code}.parquet"), glob=False) for code in codes}
        return {code: frame.select(COLUMNS.names()).cast(COLUMNS) for code, frame in frames.items()}
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            tr("{folder} holds no evidence that can be read", folder=folder),
            details=[system_words(error) if isinstance(error, OSError) else error],
            next_step=tr("write it with `etl validate DATASET --evidence DIR`"),
        ) from error


def _select(
    view: View, measured: Mapping[str, Any], codes: Collection[str] | None
) -> dict[str, pl.DataFrame]:
    """Selects the rows of all checks, or of the codes that are named, in the order of the checks."""
    selected: dict[str, pl.DataFrame] = {}
    for check in CHECKS:
        wanted = [code for code in check.codes if codes is None or code in codes]
        if wanted and (codes is not None or check.is_applicable(view)):
            selected |= check.select(view, wanted, measured.get(check.name))
    return selected


def _scan(view: View, code: str) -> pl.LazyFrame:
    """The rows whose numbers a selection has: those of the dataset, unless they are not in it."""
    if code == "bad_rows":
        return view.dataset.scan_rejects().with_columns(text="raw_text")
    if code == "since_removed":
        assert view.earlier is not None
        return view.earlier.scan()
    return view.dataset.scan(*ALL_SPLITS)


def _read(view: View, code: str, selection: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Reads the rows of a selection, at least one, in its order."""
    known = selection.schema
    missing = [pl.lit(None, COLUMNS[name]).alias(name) for name in _SELECTED if name not in known]
    chosen = selection.select(ROW, *(name for name in _SELECTED if name in known), *missing)
    rows = _scan(view, code).with_row_index(ROW).with_columns(label=votes.in_words())
    columns = [name for name in COLUMNS if name not in _SELECTED]
    numbered = chosen.with_row_index(_ORDER).sort(ROW)
    with temporary_folder("evidence") as folder:
        try:
            _deal(rows.select(ROW, *columns), numbered, folder)
            for start in range(0, selection.height, _BATCH_ROWS):
                batch = read_dealt(folder, start)
                assert batch is not None
                yield batch.sort(_ORDER).select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
        except OSError as error:
            raise write_error(folder, error) from error


def _deal(rows: pl.LazyFrame, selected: pl.DataFrame, folder: Path) -> None:
    """Deals the selected rows out to a file for each batch of the selection, in one pass over all rows.

    Args:
        rows: all, in order, with their number.
        selected: the selection sorted by that number, with the order in which its rows are to be read.
        folder: where the files go, each named after the order at which its batch starts.
    """
    row_numbers = selected[ROW]
    for frame in rows.collect_batches(chunk_size=_BATCH_ROWS, maintain_order=True):
        if frame.is_empty():
            continue
        first, last = frame[ROW][0], frame[ROW][-1]
        start, end = row_numbers.search_sorted(first, "left"), row_numbers.search_sorted(last, "right")
        found = selected[start:end].join(frame, on=ROW, how="inner")
        deal(found, pl.col(_ORDER) // _BATCH_ROWS * _BATCH_ROWS, folder)


def _write(batches: Iterator[pl.DataFrame], stem: Path, *, is_raw: bool) -> None:
    """Writes `STEM.parquet`, and `STEM.csv` with the byte order mark by which Excel knows UTF-8."""
    schema = COLUMNS.to_frame().to_arrow().schema
    with (
        pq.ParquetWriter(stem.with_suffix(".parquet"), schema, compression="zstd") as parquet,
        stem.with_suffix(".csv").open("wb") as sheet,
    ):
        for number, rows in enumerate(batches):
            parquet.write_table(rows.to_arrow().cast(schema))
            cells = rows if is_raw else guard_cells(rows)
            cells.write_csv(sheet, include_bom=number == 0, include_header=number == 0)
