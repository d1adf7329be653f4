"""Builds the output contract as a site of web pages: Great Expectations' Data Docs.

A page for the files, one for every shard, and one for the ids. The findings and the report need none of this.
The pages are static: what Great Expectations would load from elsewhere is taken out, and a policy in each
page forbids the browser to load or run anything. No sentence of the corpus is ever in them.
"""

from __future__ import annotations

import glob
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from etl.dataset.manifest import Manifest
from etl.dataset.read import Dataset
from etl.dataset.staging import check_replaceable, staging
from etl.language.message import tr, translated
from etl.schema import row, votes
from etl.schema.splits import ALL_SPLITS
from etl.text.html import text
from etl.validation.broken_rows import promise_of
from etl.validation.checks import files, output_contract
from etl.validation.view import parquet_files, unreadable_file

if TYPE_CHECKING:
    import pandas as pd

INDEX = "index.html"
# A folder that has this file holds such a site, and may be replaced.
_PROOF = "static/styles/data_docs_default_styles.css"
_NO_TAGS = str.maketrans("<>", "()")
_PYTHON_TYPES = {
    "string": "str",
    "dictionary": "str",
    "int64": "int",
    "list<string>": "list",
    "list<vote>": "list",
}
_REMOTE = re.compile(r"""<script\b.*?</script>|<link\b[^>]*>""", re.DOTALL)
_REMOTE_IMAGE = re.compile(r"https://great-expectations-web-assets[^\"']*")
# Handlers of events, which run nothing and which a browser complains of; and fonts that are not loaded.
_IDLE = re.compile(r"""\son[a-z]+="[^"]*"|@font-face\s*\{[^}]*\}""")
_STYLE = Path(__file__).with_name("data_docs.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:"
# What its pages mark by an icon, whose font is not loaded, and the index in words.
_OUTCOMES = {"passed": tr("passed"), "failed": tr("failed"), "error": tr("error")}


@dataclass(frozen=True)
class _Page:
    """One page: a table, and what is expected of it."""

    name: str
    frame: pd.DataFrame
    expectations: list[Any]
    # Names of files may be shown, values of rows never.
    result_format: dict[str, Any] = field(default_factory=lambda: output_contract.RESULT_FORMAT)


def build(dataset: Dataset, directory: Path) -> Path:
    """Builds the Data Docs of a dataset's contract.

    Args:
        dataset: one that `etl ingest` wrote, or an external table opened as one.
        directory: a folder that is empty, not there, or holds an earlier site, which is replaced.

    Returns:
        The page to open.

    Raises:
        InputError: the manifest is not one, or a file is not readable Parquet.
        SettingsError: `directory` holds something else.
        WriteError: the site cannot be written.
        EtlError: Great Expectations could not evaluate an expectation.
    """
    check_directory(directory)
    manifest = dataset.manifest
    with staging(directory, _PROOF) as folder:
        context = output_contract.in_memory_context()
        batches = output_contract.in_memory_batches(context)
        outcomes = {page.name: _run(context, batches, page) for page in _pages(dataset, manifest)}
        _write_site(context, folder)
        _make_static(folder, outcomes)
    return directory / INDEX


def check_directory(directory: Path) -> None:
    """Refuses a folder that holds something else than an earlier site.

    Raises:
        SettingsError: it does, or is a file.
    """
    check_replaceable(directory, _PROOF)


def _pages(dataset: Dataset, manifest: Manifest) -> Iterator[_Page]:
    yield _files_page(dataset, manifest)
    for split in ALL_SPLITS:
        for shard in dataset.shards(split):
            yield _shard_page(shard, split, manifest)
    yield _ids_page(dataset)


def _files_page(dataset: Dataset, manifest: Manifest) -> _Page:
    """Makes the page of files, listed or there, a row each: its hash, rows, Parquet columns and types."""
    import pandas as pd

    expect = output_contract.great_expectations().expectations
    there = {file.relative_to(dataset.path).as_posix() for file in parquet_files(dataset)}
    described = [_describe(dataset.path, name, manifest) for name in sorted(there.union(manifest.files))]
    pairs = [("sha256", "listed_sha256"), ("rows", "listed_rows"), ("columns", "columns_of_the_row")]
    return _Page(
        "files",
        pd.DataFrame(described, columns=["file", *(name for pair in pairs for name in pair)], dtype="string"),
        [
            expect.ExpectColumnValuesToBeUnique(column="file"),
            expect.ExpectColumnValuesToNotBeNull(column="sha256"),
            # A table from elsewhere has no manifest that could list anything.
            *([expect.ExpectColumnValuesToNotBeNull(column="listed_sha256")] if manifest.files else []),
            *(
                expect.ExpectColumnPairValuesToBeEqual(
                    column_A=found, column_B=listed, ignore_row_if="either_value_is_missing"
                )
                for found, listed in pairs
            ),
        ],
        {"result_format": "COMPLETE", "unexpected_index_column_names": ["file"]},
    )


def _describe(path: Path, name: str, manifest: Manifest) -> dict[str, str]:
    """Describes a file as it is and as it should be; what is not known is left out."""
    described = {"file": name}
    if listed := manifest.files.get(name):
        described["listed_sha256"] = listed.sha256
        described |= {} if listed.rows is None else {"listed_rows": str(listed.rows)}
    file = path / name
    if not file.is_file():
        return described
    described["sha256"] = files.sha256(file)
    try:
        if file.suffix == ".parquet":
            described["rows"] = str(pq.read_metadata(file).num_rows)
            described["columns"] = _in_words(pq.read_schema(file))
            expected = row.arrow_schema(is_reject=name.startswith("rejects/"), of_format=manifest.format)
            described["columns_of_the_row"] = _in_words(expected)
    except (OSError, pa.ArrowInvalid) as error:
        raise unreadable_file(file, error) from error
    return described


def _in_words(schema: pa.Schema) -> str:
    """Describes columns and types; Parquet and Arrow name the elements of a list differently."""
    types = {
        column.name: f"list of {column.type.value_type}" if pa.types.is_list(column.type) else column.type
        for column in schema
    }
    # Great Expectations takes <…> for a tag and leaves it out.
    return ", ".join(f"{name} {kind}" for name, kind in types.items()).translate(_NO_TAGS)


def _shard_page(shard: Path, split: str, manifest: Manifest) -> _Page:
    """Makes the page of a shard. Where columns or types are wrong, values are not checked."""
    expect = output_contract.great_expectations().expectations
    table = output_contract.read_shard(shard)
    listed = manifest.files.get(f"data/{shard.name}")
    promise = promise_of(manifest)
    names = row.columns(is_reject=False, of_format=manifest.format)
    # Of votes it is shown whether they are sound, in the place of their type.
    has_the_schema = table.schema.equals(row.arrow_schema(is_reject=False, of_format=manifest.format))
    expectations = [
        expect.ExpectTableColumnsToMatchOrderedList(column_list=names),
        *(
            expect.ExpectColumnValuesToBeOfType(column=column["name"], type_=_PYTHON_TYPES[column["type"]])
            for column in row.column_specs()
            if column["name"] in table.column_names and column["in"] != "rejects"
            if not (has_the_schema and column["name"] == votes.COLUMN)
        ),
    ]
    if listed and listed.rows is not None:
        expectations.append(expect.ExpectTableRowCountToEqual(value=listed.rows))
    if has_the_schema:
        table = output_contract.judge_votes(table, promise)
        expectations += output_contract.row_expectations(split, promise)
        expectations.append(expect.ExpectColumnValuesToBeUnique(column="id"))
    return _Page(shard.stem, output_contract.arrow_backed(table), expectations)


def _ids_page(dataset: Dataset) -> _Page:
    """Makes the page of rows, without their ids, whose id stands in several shards."""
    import pandas as pd

    expect = output_contract.great_expectations().expectations
    repeated = _count_ids_in_several_shards(dataset)
    frame = pd.DataFrame({"row": range(repeated)})
    return _Page("ids-in-several-shards", frame, [expect.ExpectTableRowCountToEqual(value=0)])


def _count_ids_in_several_shards(dataset: Dataset) -> int:
    """Counts the rows whose id also stands in another shard, and not in their own again."""
    shards = [shard for split in ALL_SPLITS for shard in dataset.shards(split)]
    if len(shards) < 2:
        return 0
    keys = pl.concat(
        pl.scan_parquet(shard, glob=False)
        .select("id", shard=pl.lit(number))
        .drop_nulls()
        .select("shard", key=pl.col("id").hash())
        for number, shard in enumerate(shards)
    )
    per_shard = keys.group_by("key", "shard").agg(rows=pl.len()).with_columns(shards=pl.len().over("key"))
    alone_in_several = per_shard.filter((pl.col("shards") > 1) & (pl.col("rows") == 1))
    return int(alone_in_several.select(pl.len()).collect().item())


def _run(context: Any, batches: Any, page: _Page) -> bool:
    """Validates a page; the outcome is kept in the context. Returns whether all expectations held."""
    gx = output_contract.great_expectations()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        suite = context.suites.add(gx.ExpectationSuite(name=page.name, expectations=page.expectations))
        asked = gx.ValidationDefinition(name=page.name, data=batches, suite=suite)
        outcome = context.validation_definitions.add(asked).run(
            batch_parameters={"dataframe": page.frame}, result_format=page.result_format
        )
    for result in outcome.results:
        output_contract.refuse_unevaluated(result)
    return bool(outcome.success)


def _write_site(context: Any, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for site in context.get_site_names():
            context.delete_data_docs_site(site)
        context.add_data_docs_site(
            "contract",
            {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(folder.resolve()),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            },
        )
        with _raising_write_errors():
            context.build_data_docs(site_names=["contract"])


@contextmanager
def _raising_write_errors() -> Iterator[None]:
    """Raises what keeps Great Expectations from writing a page: it logs that, and leaves the page out."""
    log, keeper = logging.getLogger("great_expectations"), _Keeper(logging.ERROR)
    log.addHandler(keeper)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = True
        log.removeHandler(keeper)
    if keeper.errors:
        raise keeper.errors[0]


class _Keeper(logging.Handler):
    """Keeps the errors of the system that are logged while they are handled; what else is logged is shown."""

    def __init__(self, level: int):
        super().__init__(level)
        self.errors: list[OSError] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = sys.exception()
        if isinstance(error, OSError):
            self.errors.append(error)
        else:
            logging.getLogger().handle(record)


def _make_static(folder: Path, outcomes: dict[str, bool]) -> None:
    """Takes out scripts and what is loaded from elsewhere; gives the index links that need neither."""
    # The style comes last, and without its scripts and fonts that of Great Expectations changes little.
    head = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    words = "".join(f'--{outcome}: "{translated(shown)}"; ' for outcome, shown in _OUTCOMES.items())
    style = f"<style>\n:root {{ {words}}}\n{_STYLE.read_text(encoding='utf-8')}</style>\n"
    for page in sorted(folder.rglob("*.html")):
        up = "../" * (len(page.relative_to(folder).parts) - 1)
        content = _IDLE.sub("", _REMOTE.sub("", page.read_text(encoding="utf-8")))
        content = _REMOTE_IMAGE.sub(f"{up}static/images/logo-long.png", content)
        content = content.replace("<head>", f"<head>\n{head}", 1).replace("</head>", f"{style}</head>", 1)
        if page == folder / INDEX:
            content = content.replace("<body>", f'<body class="index">{_links(folder, outcomes)}', 1)
        page.write_text(content, encoding="utf-8")


def _links(folder: Path, outcomes: dict[str, bool]) -> str:
    """Returns the index, which Great Expectations draws by a script, in plain HTML."""
    rows = [
        f'<tr><td class="{status}">{text(_OUTCOMES[status])}</td>'
        f'<td><a href="{quote(page.relative_to(folder).as_posix())}">{text(name)}</a></td></tr>'
        for name in outcomes
        for status in ["passed" if outcomes[name] else "failed"]
        for page in sorted(folder.glob(f"validations/{glob.escape(name)}/**/*.html"))
    ]
    title, status, page = (text(each) for each in (tr("Contract"), tr("Status"), tr("Page")))
    about = text(tr("What the files and rows promise, checked by Great Expectations: a page each."))
    note = text(tr("Data Docs of Great Expectations, without its scripts. No sentence is shown."))
    return (
        f"<h1>{title}</h1><p>{about}</p>"
        f"<table><tr><th>{status}</th><th>{page}</th></tr>{''.join(rows)}</table>"
        f'<p class="note">{note}</p>'
    )
