"""`etl predict`: the emotion of sentences, in texts, mails, chats, posts and formal documents."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from etl.commands.choices import DELIMITER, HEADER, RAW
from etl.documents.sentences import Split
from etl.errors import InputError, SettingsError
from etl.ingestion.tables.dialect import parse_dialect
from etl.language.message import Message, by_english, joined, tr
from etl.models.inference.options import Per, PredictOptions
from etl.runtime.streams import is_read

if TYPE_CHECKING:
    import polars as pl

_SHOWN_CHARS, _TABLE_ROWS = 100, 5000
_MOST_COLUMNS, _LIKELIEST = 12, 5  # of the probabilities in a table
_DEFAULT = PredictOptions()
# What the files call kinds of documents, places in them and parts of them, said to people.
_KINDS = by_english(tr("text"), tr("mail"), tr("chat"), tr("post"), tr("formal"))
_PARTS = by_english(tr("quote"), tr("signature"))
_PLACES = {
    "line": tr("line {number}"),
    "paragraph": tr("paragraph {number}"),
    "message": tr("message {number}"),
    "row": tr("row {number}"),
    "page": tr("page {number}"),
}


def predict(
    model: Annotated[
        Path, typer.Argument(help="A model, of `etl train-baseline` or `etl train-transformer`.")
    ],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TEXT… | FILE… | -]",
            help="Texts in quotation marks; files: chats, mails, posts, tables, HWP, DOCX, PDF and more; "
            "- for lines on standard input.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Literal["table", "jsonl", "csv"], typer.Option("--format", help="How to show the result.")
    ] = "table",
    per: Annotated[Per, typer.Option(help="A row for each sentence, or each document.")] = _DEFAULT.per,
    has_probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Show the probability of every label.")
    ] = False,
    split: Annotated[
        Split | None,
        typer.Option(
            help="Cut into sentences (Kiwi), or take each line, message or paragraph for one.  "
            "[default: line for - and one short sentence, else sentence]"
        ),
    ] = _DEFAULT.split,
    kind: Annotated[
        Literal["mail", "chat", "post", "formal"] | None,
        typer.Option(help="What the files are.  [default: found out]"),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="Posts: the column that holds them.")] = None,
    delimiter: Annotated[str | None, DELIMITER] = None,
    header: Annotated[bool, HEADER] = True,
    keep_markup: Annotated[
        bool, typer.Option("--keep-markup", help="Posts: HTML tags and entities stay in the text.")
    ] = False,
    has_quotes: Annotated[
        bool, typer.Option("--quotes", help="Mails: also what they quote, and signatures.")
    ] = False,
    is_raw: Annotated[bool, RAW] = False,
    mood: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also draw the labels over time and by speaker, as an HTML page."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Tagging processes.  [default: one a core]")
    ] = None,
) -> None:
    """Say which emotion sentences express, and how probable it is.

    Sentences are cleaned and tagged exactly as those the model has learnt from; for one of
    `etl train-transformer` nothing is tagged. One of which no token is left gets the reason in the place of a
    label. A file that cannot be read is explained on standard error, the others are classified, and the exit
    code is 4.
    """
    import polars as pl

    from etl.models.inference.classifier import open_classifier
    from etl.models.inference.documents import classify_inputs
    from etl.models.inference.mood import count_moods, render_moods
    from etl.runtime import console
    from etl.runtime.files import write_atomic

    if not inputs:
        raise SettingsError(
            tr("there is nothing to classify"),
            details=[tr("expected texts, files, or - for lines on standard input")],
            next_step=tr('for instance: `etl predict {model} "TEXT"`', model=model),
        )
    dialect = parse_dialect(delimiter, header=header)
    options = PredictOptions(per, split, kind, text_column, has_quotes, dialect, keep_markup)
    cores = workers or os.cpu_count() or 1
    failed: list[InputError] = []
    with open_classifier(model, workers=cores) as classifier:
        answers = classify_inputs(classifier, inputs, options, stdin=sys.stdin.buffer, workers=cores)
        results, counted = _without_errors(answers, failed), list[pl.DataFrame]()
        if mood:
            results = count_moods(results, counted)
        labels = classifier.labels if has_probabilities else []
        is_multi = classifier.thresholds is not None
        if form == "table":
            for rows in _by_file(results):
                _show(rows, labels, per)
        else:
            for number, rows in enumerate(results):
                _write(rows, labels, form, per, is_multi=is_multi, has_header=number == 0, is_raw=is_raw)
                if not is_read():
                    break
        if mood:
            write_atomic(mood, render_moods(model.resolve().name, counted, classifier.labels))
            console.note(tr("{path} is written", path=mood))
    if failed:
        raise typer.Exit(InputError.exit_code)


def _without_errors(
    results: Iterable[pl.DataFrame | InputError], failed: list[InputError]
) -> Iterator[pl.DataFrame]:
    """Yields the rows; errors are printed as they come, and appended to `failed`."""
    from etl.runtime import console

    for result in results:
        if isinstance(result, InputError):
            failed.append(result)
            console.error(result)
        else:
            yield result


def _by_file(results: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Joins batches to one table for each file; those of a stream, or of a very long file, stay apart."""
    import polars as pl

    from etl.documents.cli_inputs import STREAM

    gathered: list[pl.DataFrame] = []
    for rows in results:
        file = rows["file"][0]
        is_other = bool(gathered) and gathered[0]["file"][0] != file
        if is_other or sum(map(len, gathered)) > _TABLE_ROWS:
            yield pl.concat(gathered)
            gathered = []
        gathered.append(rows)
        if file == STREAM:
            yield pl.concat(gathered)
            gathered = []
    if gathered:
        yield pl.concat(gathered)


def _write(
    rows: pl.DataFrame,
    labels: list[str],
    form: str,
    per: str,
    *,
    is_multi: bool,
    has_header: bool,
    is_raw: bool,
) -> None:
    """Writes one batch of rows for a program, or for a spreadsheet and guarded unless `is_raw`.

    Sets of labels are lists in JSON, so that no program has to cut names.
    """
    import polars as pl

    from etl.models.inference.classifier import LOCATION, probability_column
    from etl.runtime import console
    from etl.text.spreadsheet import guard_cells

    location = [
        pl.col(name).alias("sentences" if name == "sentence" and per == "document" else name)
        for name in LOCATION
    ]
    columns = {label: pl.col(probability_column(label)).round(6) for label in labels}
    fields = [column.alias(label) for label, column in columns.items()]
    shown = rows.select(
        *location,
        "text",
        "labels" if is_multi and form == "jsonl" else "label",
        pl.col("probability").round(6),
        "reason",
        (pl.col("known") / pl.col("weight")).round(4).alias("known_share"),
        *([pl.struct(fields).alias("probabilities")] if labels and form == "jsonl" else columns.values()),
    )
    if form == "jsonl":
        console.json_text(shown.write_ndjson())
        return
    cells = shown if is_raw else guard_cells(shown)
    sys.stdout.write(cells.write_csv(include_header=has_header))
    sys.stdout.flush()


def _show(rows: pl.DataFrame, labels: list[str], per: str) -> None:
    """Shows a table of one batch, with the cleaned text: a terminal must not obey control characters."""
    from etl.models.inference.classifier import probability_column
    from etl.runtime import console

    records = rows.to_dicts()
    has_speakers = any(row["speaker"] for row in records)
    speaker = [tr("speaker")] if has_speakers else []
    header: list[str] = [tr("where"), *speaker, tr("text"), tr("label"), tr("probability")]
    header += (
        labels
        if len(labels) <= _MOST_COLUMNS
        else [tr("{number} likeliest of {labels}", number=_LIKELIEST, labels=len(labels))]
    )
    n_documents = max(row["document"] for row in records)
    body = [
        [
            _location(row, per, is_one=n_documents == 1),
            *([row["speaker"] or ""] if has_speakers else []),
            _shortened(row["clean_text"]),
            _label(row),
            _share(row["probability"]),
            *_probabilities({label: row[probability_column(label)] for label in labels}),
        ]
        for row in records
    ]
    console.table(records[0]["file"] or "", header, body)


def _probabilities(by_label: dict[str, float | None]) -> list[str]:
    """Returns a cell for each label; one with the likeliest, where a terminal has no room for all."""
    if len(by_label) <= _MOST_COLUMNS:
        return [_share(each) for each in by_label.values()]
    likeliest = sorted(by_label, key=lambda label: -(by_label[label] or 0.0))[:_LIKELIEST]
    return [", ".join(f"{label} {_share(by_label[label])}" for label in likeliest)]


def _location(row: dict[str, Any], per: str, *, is_one: bool) -> str:
    """Returns where a sentence stands, or which document it is, in words."""
    if per == "document":
        name = _KINDS[row["kind"]] if is_one else _document(row)
        if row["sentence"] == 1:
            return name
        return tr("{document}, {number} sentences", document=name, number=row["sentence"])
    parts = [tr(_PLACES[row["unit"]], number=row["position"])]
    if row["kind"] in {"mail", "chat"} and not is_one:
        parts.insert(0, _document(row))
    if row["sentence"] != 1:
        parts.append(tr("sentence {number}", number=row["sentence"]))
    part = "" if row["part"] == "body" else joined("", (" (", _PARTS[row["part"]], ")"))
    return joined(", ", parts) + part


def _document(row: dict[str, Any]) -> Message:
    return joined(" ", (_KINDS[row["kind"]], row["document"]))


def _label(row: dict[str, Any]) -> str:
    if row["label"] is None:
        return f"({row['reason']})"
    return row["label"] if row["known"] else tr("{label} (no known word)", label=row["label"])


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def _share(probability: object) -> str:
    return f"{probability:.2f}" if isinstance(probability, float) else ""
