"""`etl review`: a local page on which people look at rows and decide; `etl view` is the same, read-only."""

from __future__ import annotations

import getpass
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.language.message import by_english, tr
from etl.runtime import console

if TYPE_CHECKING:
    from etl.review.audit import Share
    from etl.review.browsing import Review
    from etl.review.serve import Choices

DATASET = Annotated[
    str, typer.Argument(help="A dataset that `etl ingest` wrote, or its URL.", show_default=False)
]
CORRECTIONS = Annotated[
    Path, typer.Option(metavar="FILE", help="Where decisions are written, JSON lines; those in it are shown.")
]
MODEL = Annotated[
    Path | None,
    typer.Option(
        "--model", metavar="DIR", help="A trained model: shows what it says, and queues what it is unsure of."
    ),
]
EVIDENCE = Annotated[
    Path | None,
    typer.Option(
        "--evidence",
        metavar="DIR",
        help="What `etl validate --evidence DIR` wrote: suspects and near-duplicates.",
    ),
]
PORT = Annotated[int, typer.Option(min=0, max=65535, help="Of the page; 0 takes one that is free.")]
OPEN = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")]
AUDIT = Annotated[int, typer.Option(metavar="ROWS", min=1, help="How many rows the random sample has.")]
SEED = Annotated[int, typer.Option(min=0, help="Of the random sample: the same seed, the same rows.")]
# Of what a share is, said to people.
_KINDS = by_english(tr("all"), tr("source"), tr("label"))
SUMMARY = Annotated[
    bool, typer.Option("--summary", help="Only say how many labels of the audit sample are wrong, and end.")
]
JSON = Annotated[bool, typer.Option("--json", help="With --summary: as JSON.")]


def review(
    dataset: DATASET,
    corrections: CORRECTIONS = Path("corrections.jsonl"),
    by: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Who decides; the page asks if it is not said.", show_default=False
        ),
    ] = "",
    evidence: EVIDENCE = None,
    model: MODEL = None,
    audit: AUDIT = 200,
    seed: SEED = 0,
    port: PORT = 0,
    is_opened: OPEN = True,
    is_summary: SUMMARY = False,
    is_json: JSON = False,
) -> None:
    """Look at rows on a local page and decide what is right; decisions go to a file that ingest applies.

    The page is served to this machine only, below an address that nobody can guess, and loads nothing from
    elsewhere. It shows conflicts, labels that are likely wrong, unknown labels, rejected rows, a random
    sample, and any rows by source, label, split or text. Each decision is on disk before the next row is
    shown. The dataset itself stays as it is. End it with Ctrl-C. Needs the extra `review`.
    """
    from etl.review.serve import Choices

    choices = Choices(
        corrections=corrections, by=by, login=_login(), evidence=evidence, sample_size=audit, seed=seed
    )
    _run(choices, dataset, model, port=port, is_opened=is_opened, is_summary=is_summary, is_json=is_json)


def view(
    dataset: DATASET,
    corrections: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="What `etl review` wrote, JSON lines: the decisions that are shown."
        ),
    ] = Path("corrections.jsonl"),
    evidence: EVIDENCE = None,
    model: MODEL = None,
    audit: AUDIT = 200,
    seed: SEED = 0,
    port: PORT = 0,
    is_opened: OPEN = True,
    is_summary: SUMMARY = False,
    is_json: JSON = False,
) -> None:
    """Look at the rows of a dataset on the page of `etl review`, where nothing can be changed."""
    from etl.review.serve import Choices

    choices = Choices(
        corrections=corrections, evidence=evidence, sample_size=audit, seed=seed, is_read_only=True
    )
    _run(choices, dataset, model, port=port, is_opened=is_opened, is_summary=is_summary, is_json=is_json)


def _run(
    choices: Choices,
    dataset: str,
    model: Path | None,
    *,
    port: int,
    is_opened: bool,
    is_summary: bool,
    is_json: bool,
) -> None:
    from etl.errors import SettingsError

    if is_json and not is_summary:
        raise SettingsError(
            tr("--json is about --summary, and the page has none"),
            next_step=tr("add --summary, or leave --json out."),
        )
    if is_summary:
        _summarise(choices, dataset, is_json=is_json)
    else:
        _serve(choices, dataset, model, port=port, is_opened=is_opened)


def _login() -> str:
    """Returns the name of the user of this machine, or "" in a container that has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _open(choices: Choices, dataset: str, model: Path | None, stack: ExitStack) -> Review:
    """Opens dataset and model for as long as the stack is open."""
    from etl.dataset.read import open_dataset
    from etl.models.inference.classifier import open_classifier
    from etl.review.serve import open_review
    from etl.storage.datasets import open_url

    folder = stack.enter_context(open_url(dataset))
    classifier = stack.enter_context(open_classifier(model)) if model else None
    return open_review(open_dataset(folder), choices, classifier)


def _serve(choices: Choices, dataset: str, model: Path | None, *, port: int, is_opened: bool) -> None:
    """Serves the page until Ctrl-C, which is how it is meant to end."""
    from etl.runtime import local_server, loopback, signals

    local_server.require_server(tr("the review page"), "review")
    from etl.review import serve

    try:
        with ExitStack() as stack:
            listening = stack.enter_context(loopback.open_socket(port))
            review = _open(choices, dataset, model, stack)
            token = loopback.make_token()
            thread = stack.enter_context(serve.serve(review, token, listening))
            _announce(serve.address(token, listening), is_opened=is_opened)
            while thread.is_alive():  # a thread that is waited for without an end hears no signal on Windows
                thread.join(1)
    except KeyboardInterrupt:
        signals.forget_interrupt()
        console.note(tr("ended") if choices.is_read_only else tr("ended; every decision is on disk"))


def _announce(address: str, *, is_opened: bool) -> None:
    import webbrowser

    console.line(address)
    sys.stdout.flush()
    console.note(tr("the page is open to this machine only; Ctrl-C ends it"))
    if is_opened:
        webbrowser.open(address)


def _summarise(choices: Choices, dataset: str, *, is_json: bool) -> None:
    """Says how many labels of the audit sample are wrong."""
    from etl.review.browsing import summarise_sample

    with ExitStack() as stack:
        shares = summarise_sample(_open(choices, dataset, None, stack))
    if is_json:
        console.json_document([asdict(share) for share in shares])
        return
    console.table(
        tr(
            "Labels of the audit sample, {judged:,} of {rows:,} rows looked at",
            judged=shares[0].judged,
            rows=shares[0].rows,
        ),
        ["", "", tr("rows"), tr("looked at"), tr("wrong"), tr("share"), tr("95 % interval")],
        [_line(share) for share in shares],
    )


def _line(share: Share) -> list[object]:
    wrong = f"{share.wrong / share.judged:.1%}" if share.judged else "–"
    interval = tr("{least:.1%} to {most:.1%}", least=share.least, most=share.most)
    return [_KINDS[share.kind], share.name, share.rows, share.judged, share.wrong, wrong, interval]
