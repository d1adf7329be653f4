"""The routes of `etl serve`: texts are classified, the page and the description are shown."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from etl.errors import EtlError
from etl.language.message import tr
from etl.models.inference.predict import Prediction
from etl.serving.batching import Batcher, BusyError
from etl.serving.errors import RefusedError
from etl.serving.guard import guard, respond
from etl.serving.limits import Limits
from etl.serving.openapi import describe
from etl.serving.requests import read_texts

_log = logging.getLogger(__name__)

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Service:
    """What the routes need.

    Args:
        labels: of the model.
        batcher: classifies.
        limits: of a request.
        page: HTML.
    """

    labels: list[str]
    batcher: Batcher[Prediction]
    limits: Limits
    page: bytes


def make_app(service: Service, token: str, *, is_local: bool) -> ASGIApp:
    """Returns the application.

    Args:
        service: what answers.
        token: without it nothing is answered.
        is_local: see `etl.serving.guard.guard`.
    """
    described = msgspec.json.encode(describe(service.labels, service.limits))
    app = Starlette(
        routes=[
            Route("/predict", _predict(service), methods=["POST"]),
            Route("/health", _constant(b'{"status":"ok"}', "application/json")),
            Route("/openapi.json", _constant(described, "application/json")),
            Route("/", _constant(service.page, "text/html")),
        ],
        exception_handlers={RefusedError: _refuse, HTTPException: _refuse_http, Exception: _fail},
    )
    app.router.redirect_slashes = False
    return guard(app, token, is_local=is_local)


def _constant(content: bytes, kind: str) -> Endpoint:
    async def answer(_request: Request) -> Response:
        return Response(content, media_type=kind)

    return answer


def _predict(service: Service) -> Endpoint:
    limits = service.limits

    async def answer(request: Request) -> Response:
        is_read = False
        try:
            async with asyncio.timeout(limits.timeout_seconds):
                texts = await read_texts(request.headers, request.stream(), limits)
                is_read = True
                predictions = await asyncio.wrap_future(service.batcher.submit(texts))
        except TimeoutError as error:
            raise _too_slow(limits, is_read=is_read) from error
        except BusyError as error:
            raise RefusedError(
                503,
                "busy",
                f"expected at most {limits.max_waiting:,} texts to wait, more do, or the server is ending",
                "send it again in a second",
                {"retry-after": "1"},
            ) from error
        except asyncio.CancelledError as error:  # the server ends
            raise RefusedError(503, "busy", "the server is ending", "send it again in a second") from error
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        except EtlError as error:
            raise RefusedError(500, "failed", str(error), str(error.next_step or "try it again")) from error
        return Response(msgspec.json.encode({"predictions": predictions}), media_type="application/json")

    return answer


def _too_slow(limits: Limits, *, is_read: bool) -> RefusedError:
    seconds = f"expected at most {limits.timeout_seconds:g} seconds"
    if is_read:
        return RefusedError(
            503, "too_slow", f"{seconds}, the answer takes longer", "send fewer texts at a time"
        )
    return RefusedError(
        408,
        "too_slow",
        f"{seconds}, the request has not arrived",
        "send it faster, or serve with a longer `--timeout`",
        {"connection": "close"},
    )


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return respond(error)


async def _refuse_http(request: Request, error: Exception) -> Response:
    """Refuses what no route takes."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        return respond(
            RefusedError(
                405,
                "wrong_method",
                f"expected {headers.get('Allow', 'another method')}, got {request.method}",
                "send texts with POST to /predict",
                headers,
            )
        )
    return respond(
        RefusedError(error.status_code, "no_such_path", "there is no such path", "see /openapi.json", headers)
    )


async def _fail(_request: Request, error: Exception) -> Response:
    """Answers where something unexpected happened; Starlette raises it again, for the log."""
    _log.error(tr("a request failed: {kind}: {error}", kind=type(error).__name__, error=error))
    return respond(
        RefusedError(
            500,
            "unexpected",
            f"something unexpected happened: {type(error).__name__}",
            "report it with what the server has logged",
        )
    )
