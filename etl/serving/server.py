"""Opens a model and serves it until the block is left: `etl serve`."""

from __future__ import annotations

import gc
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from etl.errors import SettingsError
from etl.language import choice
from etl.language.message import tr
from etl.models.inference.classifier import open_classifier
from etl.models.inference.predict import Prediction, classify_texts
from etl.runtime.local_server import require_server, run_app
from etl.runtime.loopback import HOST, is_loopback, make_token, open_socket
from etl.serving.batching import Batcher
from etl.serving.limits import Limits
from etl.serving.page import page_of, plain_page

TOKEN_VARIABLE = "ETL_SERVE_TOKEN"  # noqa: S105 - a name
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,}")
_ADVICE = tr('make one: python -c "import secrets; print(secrets.token_urlsafe())"')
_BACKLOG = 2048
_WARM_UP = "a"


@dataclass(frozen=True)
class Address:
    """Where a server listens, and who may ask it.

    Args:
        host, port: as the user said; port 0 takes one that is free.
        token: without it nothing is answered.
        is_own_token: whether it was made for this run, and so may be shown.
    """

    host: str
    port: int
    token: str
    is_own_token: bool

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)


def choose_address(host: str = HOST, port: int = 0) -> Address:
    """Returns where to listen; the token is that of `ETL_SERVE_TOKEN`, or a random one on loopback.

    Raises:
        SettingsError: other machines reach the host and there is no token, or it is a weak one.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if token and not _TOKEN.fullmatch(token):
        raise SettingsError(
            tr("{variable} is no token", variable=TOKEN_VARIABLE),
            details=[tr("expected at least 16 of A-Z, a-z, 0-9, `.`, `_`, `~` and `-`, got something else")],
            next_step=_ADVICE,
        )
    if not token and not is_loopback(host):
        raise SettingsError(
            tr("other machines may reach {host}, and there is no token", host=host),
            details=[tr("expected {variable} in the environment, got nothing", variable=TOKEN_VARIABLE)],
            cause=tr("Without a token anybody in the network could ask the model."),
            next_step=tr(
                "{advice}, and set {variable} to it; or leave `--host` out",
                advice=_ADVICE,
                variable=TOKEN_VARIABLE,
            ),
        )
    return Address(host, port, token or make_token(), is_own_token=not token)


@dataclass(frozen=True)
class Running:
    """A server that answers: its thread, and the address of its page."""

    thread: threading.Thread
    url: str


@contextmanager
def serve(model: Path, address: Address, limits: Limits, workers: int) -> Iterator[Running]:
    """Serves a model while the block runs; then what was asked is answered, and no more is taken.

    Args:
        model: its folder.
        address: where to listen.
        limits: of a request.
        workers: batches that are classified at a time, and tagging processes.

    Yields:
        The server, when it has classified a text and listens.

    Raises:
        InputError: the model is damaged, or the installed tagger would give other tokens than in training.
        SettingsError: the port cannot be had, or a package is not installed.
    """
    require_server(tr("the server"), "serve")
    from etl.serving.app import Service, make_app

    with ExitStack() as stack:
        listening = stack.enter_context(open_socket(address.port, address.host))
        listening.listen(_BACKLOG)
        classifier = stack.enter_context(open_classifier(model, workers=workers))
        classify = partial(classify_texts, classifier)
        classify([_WARM_UP])  # whoever asks first should not wait for tables
        # What is there now stays: nobody should wait while Python looks through all of it for garbage.
        gc.collect()
        gc.freeze()
        stack.callback(gc.unfreeze)
        batcher: Batcher[Prediction] = Batcher(classify, workers, limits.max_waiting)
        stack.enter_context(batcher)
        language = choice.chosen(os.environ)
        page = page_of(model, language) or plain_page(language)
        service = Service(classifier.labels, batcher, limits, page)
        app = make_app(service, address.token, is_local=address.is_local)
        thread = stack.enter_context(run_app(app, listening, limits.timeout_seconds))
        yield Running(thread, _url(address, listening))


def _url(address: Address, listening: socket.socket) -> str:
    """Returns the address of the page, with the token where it is no secret of the user's."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    below = f"{address.token}/" if address.is_own_token else ""
    return f"http://{host}:{listening.getsockname()[1]}/{below}"
