"""`etl serve`: a model behind HTTP."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl.language.message import tr
from etl.runtime import console
from etl.runtime.loopback import HOST
from etl.serving.limits import Limits

if TYPE_CHECKING:
    from etl.serving.server import Address

_LIMITS = Limits()
_PORT = 8000


def serve(
    model: Annotated[
        Path, typer.Argument(help="A model, of `etl train-baseline` or `etl train-transformer`.")
    ],
    host: Annotated[
        str,
        typer.Option(help="Where to listen; any but loopback wants a token in ETL_SERVE_TOKEN."),
    ] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes one that is free.")] = _PORT,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Batches at a time, and tagging processes.  [default: one a core]", show_default=False
        ),
    ] = None,
    max_texts: Annotated[int, typer.Option(min=1, help="Of a request.")] = _LIMITS.max_texts,
    max_chars: Annotated[int, typer.Option(min=1, help="Of a text.")] = _LIMITS.max_chars,
    max_body_bytes: Annotated[int, typer.Option(min=1, help="Of a request.")] = _LIMITS.max_body_bytes,
    timeout: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Seconds that a request may take.")
    ] = _LIMITS.timeout_seconds,
) -> None:
    """Answer HTTP requests: POST texts as JSON to `/predict`, and get their labels with probabilities.

    Each text is one sentence. `/` is a page with a box for a sentence, `/openapi.json` describes the rest,
    and `/health` tells that the server answers. Only this machine reaches it, and only with its token: the
    one that it prints, or that of ETL_SERVE_TOKEN. Nothing that is classified is written anywhere. End it
    with Ctrl-C: requests that it has taken are answered. Needs the extra `serve`.
    """
    from etl.runtime import signals
    from etl.serving import server

    address = server.choose_address(host, port)
    limits = Limits(max_body_bytes, max_texts, max_chars, timeout)
    try:
        with server.serve(model, address, limits, workers or os.cpu_count() or 1) as running:
            _announce(address, running.url)
            # A thread that is waited for without an end hears no signal on Windows.
            while running.thread.is_alive():
                running.thread.join(1)
    except KeyboardInterrupt:
        signals.forget_interrupt()
        console.note(tr("ended; what was asked is answered"))


def _announce(address: Address, url: str) -> None:
    console.line(url)
    sys.stdout.flush()
    if address.is_local:
        console.note(tr("open to this machine only; Ctrl-C ends it"))
    else:
        console.note(
            tr("open to other machines, and not encrypted: put a proxy with TLS in front; Ctrl-C ends it")
        )
    token = address.token if address.is_own_token else tr("TOKEN, the value of ETL_SERVE_TOKEN")
    console.note(tr("programs send the header Authorization: Bearer {token}", token=token))
