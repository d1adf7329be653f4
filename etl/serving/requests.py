"""The bodies of requests: read up to the limit and decoded, or refused with a reason.

`schemas/openapi.yaml` describes them for those who write clients.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

import msgspec

from etl.runtime.json_text import decode_json
from etl.serving.errors import RefusedError
from etl.serving.limits import Limits

# Of a body that is refused: so many times what may be sent, and so long, is read and thrown away.
_DISCARDED, _PATIENCE_SECONDS = 16, 2.0
_EXAMPLE = 'send {"text": "…"} or {"texts": ["…", "…"]}'


class PredictRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /predict`: one text, or a list of them."""

    text: str | msgspec.UnsetType = msgspec.UNSET
    texts: list[str] | msgspec.UnsetType = msgspec.UNSET


async def read_texts(headers: Mapping[str, str], parts: AsyncIterator[bytes], limits: Limits) -> list[str]:
    """Returns the texts of a request.

    Args:
        headers: of the request, in lower case.
        parts: of its body, as they arrive.
        limits: of the server.

    Raises:
        RefusedError: it is no JSON, not as described, or beyond a limit.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise RefusedError(
            415,
            "not_json",
            f"expected the content type application/json, got {kind or 'none'}",
            "send the header `Content-Type: application/json`",
        )
    return decode_texts(await _read_body(headers, parts, limits.max_body_bytes), limits)


async def _read_body(headers: Mapping[str, str], parts: AsyncIterator[bytes], most: int) -> bytes:
    said = headers.get("content-length", "")
    body = bytearray()
    is_beyond = said.isdecimal() and int(said) > most
    if not is_beyond:
        async for part in parts:
            body += part
            if len(body) > most:
                is_beyond = True
                break
    if is_beyond:
        await _discard(parts, _DISCARDED * most)
        raise RefusedError(
            413,
            "body_too_large",
            f"expected at most {most:,} bytes, got more",
            "send fewer texts at a time, or serve with a larger `--max-body-bytes`",
            # What has not been read is not looked for the next request.
            {"connection": "close"},
        )
    return bytes(body)


async def _discard(parts: AsyncIterator[bytes], most: int) -> None:
    """Reads on for a moment: a client that still sends when the connection is closed may lose the answer."""
    n_bytes = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            async for part in parts:
                n_bytes += len(part)
                if n_bytes > most:
                    return


def decode_texts(body: bytes, limits: Limits) -> list[str]:
    """Returns the texts of a body.

    Raises:
        RefusedError: it is no JSON, not as described, or beyond a limit.
    """
    try:
        request = decode_json(body, PredictRequest)
    except msgspec.ValidationError as error:
        raise RefusedError(400, "wrong_type", str(error), _EXAMPLE) from error
    except msgspec.DecodeError as error:
        raise RefusedError(400, "bad_json", str(error), f"send JSON in UTF-8: {_EXAMPLE}") from error
    texts = request.texts if isinstance(request.texts, list) else []
    if isinstance(request.text, str):
        if request.texts is not msgspec.UNSET:
            raise RefusedError(400, "no_text", "expected `text` or `texts`, got both", _EXAMPLE)
        texts = [request.text]
    if not texts:
        found = "an empty list" if isinstance(request.texts, list) else "neither"
        raise RefusedError(400, "no_text", f"expected `text` or `texts`, got {found}", _EXAMPLE)
    _check_sizes(texts, limits)
    return texts


def _check_sizes(texts: list[str], limits: Limits) -> None:
    if len(texts) > limits.max_texts:
        raise RefusedError(
            413,
            "too_many_texts",
            f"expected at most {limits.max_texts:,} texts, got {len(texts):,}",
            "send fewer texts at a time, or serve with a higher `--max-texts`",
        )
    longest = max(map(len, texts))
    if longest > limits.max_chars:
        raise RefusedError(
            413,
            "text_too_long",
            f"expected at most {limits.max_chars:,} characters, got {longest:,} in one text",
            "cut it into sentences, or serve with a higher `--max-chars`",
        )
