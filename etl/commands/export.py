"""`etl export`: writes a model for another runtime, and shows how the file compares with the model.

`etl.commands.export_check` shows `--check`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.errors import SettingsError
from etl.language.message import Message, plural, tr
from etl.models.export.options import MIN_ROWS, ROWS, Format

if TYPE_CHECKING:
    from etl.models.export.export import Exported
    from etl.models.export.parity import Loss


def export(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MODEL]", help="A model, of `etl train-baseline` or `etl train-transformer`."
        ),
    ] = None,
    to: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="litert: what TensorFlow Lite is called today; android: it, with sources in Kotlin that "
            "make its ids; web: a page, and a module for JavaScript.",
            show_default=False,
        ),
    ] = None,
    checked: Annotated[
        Path | None,
        typer.Option(
            "--check",
            metavar="FOLDER",
            help="Write nothing: compare an export with the vectors that lie beside it.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="A new folder, or an older export to replace. [default: MODEL/export/FORMAT]"
        ),
    ] = None,
    dataset: Annotated[
        Path | None,
        typer.Option(
            "--dataset",
            metavar="DIR",
            help="What the model was trained on. [default: the folder beside MODEL whose manifest it names]",
        ),
    ] = None,
    is_int8: Annotated[
        bool | None,
        typer.Option(
            "--int8/--float32",
            help="Weights in 8 bits, and what is lost by them; or in 32.  [default: float32; for the "
            "web int8 where macro-F1 falls by at most 0.005]",
            show_default=False,
        ),
    ] = None,
    is_single_file: Annotated[
        bool, typer.Option("--single-file", help="web: write one page that holds the model.")
    ] = False,
    node_modules: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="web, of a transformer: the folder with onnxruntime-web. [default: where npm installs it]",
        ),
    ] = None,
    max_len: Annotated[
        int | None, typer.Option(min=1, help="Ids per sentence. [default: the model's]")
    ] = None,
    rows: Annotated[
        int, typer.Option(min=MIN_ROWS, help="Compare on so many held-out sentences, if there are so many.")
    ] = ROWS,
    is_json: Annotated[
        bool, typer.Option("--json", help="Show metadata.json, or the result of --check as JSON.")
    ] = False,
) -> None:
    """Write a model for the web, an app, ONNX Runtime, a phone (LiteRT) or libtorch.

    For the web it is a page, and a module of JavaScript, which take text; the other files take ids, and
    android adds what makes them of text. What is written is run on real held-out sentences first: each must
    get the label that the model gives it, and no probability may differ by more than 0.00001. Otherwise
    nothing is written, and the exit code is 3. Beside it lie metadata.json and vectors.jsonl: some 2,000
    made-up texts with their tokens, ids and probabilities.

    `--check` prepares these texts again with the installed tagger and runs the file on them. Where something
    differs it shows the first such lines, and the exit code is 3; what is not installed is named, and is no
    success.
    """
    if checked is not None:
        from etl.commands.export_check import check

        _refuse_beside_check(model, to, out, dataset, max_len, is_int8, is_single_file or None, node_modules)
        check(checked, is_json=is_json)
        return
    if model is None or to is None:
        raise SettingsError(
            tr("there is nothing to export") if model is None else tr("--format says to what"),
            details=[tr("expected a model and --format, or --check and the folder of an export")],
            next_step=tr("for instance: `etl export {model} --format onnx`", model=model or "MODEL"),
        )
    from etl.commands.training import require_training

    require_training()
    from etl.models.export import export as library
    from etl.models.export import metadata
    from etl.runtime import console

    done = library.export(
        model,
        to,
        out,
        dataset=dataset,
        int8=is_int8,
        max_len=max_len,
        rows=rows,
        is_single_file=is_single_file,
        node_modules=node_modules,
    )
    if is_json:
        import json

        console.json_document(json.loads(metadata.to_bytes(done.metadata)))
        return
    _show(done)


def _refuse_beside_check(*given: object) -> None:
    if any(each is not None for each in given):
        raise SettingsError(
            tr("--check takes the folder of an export, and nothing else but --json"),
            next_step=tr("for instance: `etl export --check MODEL/export/onnx`"),
        )


def _show(done: Exported) -> None:
    from etl.runtime import console

    written, same, lost = done.metadata, done.metadata.parity, done.metadata.int8
    lines = _list_facts(done) + (_list_losses(lost) if lost else [])
    console.table(
        tr("{runtime} of {architecture}", runtime=written.runtime, architecture=written.model.architecture),
        [tr("what"), tr("value")],
        lines,
    )
    if same.rows < MIN_ROWS:
        console.note(
            tr("note: {split} has only {rows:,} sentences to compare on", split=same.split, rows=same.rows)
        )


def _list_facts(done: Exported) -> list[tuple[str, object]]:
    from msgspec import UnsetType

    written, same = done.metadata, done.metadata.parity
    speed = tr(
        "{median_ms:.3f} ms, median of {sentences}, {threads}",
        median_ms=written.latency.median_ms,
        sentences=written.latency.sentences,
        threads=plural("{number:,} thread", "{number:,} threads", written.latency.threads),
    )
    parity = tr(
        "{rows:,} of {rows_of_split:,} sentences of {split}: same labels, probabilities differ by at most "
        "{largest_difference:.2g}",
        rows=same.rows,
        rows_of_split=same.rows_of_split,
        split=same.split,
        largest_difference=same.largest_difference,
    )
    lines: list[tuple[str, object]] = [
        (tr("file"), done.folder / written.file),
        (tr("size"), tr("{number:,.2f} MB", number=written.bytes / 1e6)),
        (tr("input"), f"{written.input.name}, {written.input.type}, {list(written.input.shape)}"),
        (tr("one sentence"), speed),
        (tr("float32 against the model"), parity),
    ]
    if not isinstance(written.vectors, UnsetType):
        count, file = written.vectors.count, written.vectors.file
        lines.append((tr("vectors"), tr("{count:,} made-up texts in {file}", count=count, file=file)))
    return lines


def _list_losses(lost: Loss) -> list[tuple[str, object]]:
    """Lists what the weights in 8 bits cost."""
    return [
        (
            tr("int8: other labels"),
            tr("{number:,} of {rows:,}", number=lost.differing_predictions, rows=lost.rows),
        ),
        (tr("int8: accuracy"), _score(lost.int8_accuracy, lost.model_accuracy)),
        (tr("int8: macro-F1"), _score(lost.int8_macro_f1, lost.model_macro_f1)),
    ]


def _score(score: float, of_model: float) -> Message:
    return tr("{score:.4f}, of the model {of_model:.4f}", score=score, of_model=of_model)
