"""Reaches what a URL names, by fsspec, and explains what is in the way.

Credentials come from the environment, as the library behind a URL reads them; none is ever shown.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from etl.errors import SERVER_FAILED, EtlError, InputError, SettingsError, WriteError
from etl.language.message import tr
from etl.runtime.paths import is_remote
from etl.runtime.signals import delayed

Item = TypeVar("Item")

_AT_ONCE = 8
_MOMENT = 0.05
_SECRET_NAMES = re.compile("KEY|SECRET|TOKEN|PASSW|CREDENTIAL", re.IGNORECASE)
_SERVER_ERRORS = 500  # of HTTP, from here on
# The local disk's own, of which no server speaks.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Remote:
    """Where a URL leads: a file system of fsspec, and the path in it without a slash at the end."""

    url: str
    files: Any
    path: str

    @property
    def name(self) -> str:
        """Name of the file or folder."""
        return self.path.rpartition("/")[2]

    def below(self, name: str) -> str:
        """The path of something in this folder."""
        return f"{self.path}/{name}"

    def read(self, name: str) -> bytes | None:
        """The content of a small file in this folder; None where there is none.

        Raises:
            InputError: it cannot be read, or there is no such bucket.
        """
        with explain_errors(self.url):
            try:
                content: bytes = self.files.cat_file(self.below(name))
            except FileNotFoundError as error:
                if code_of(error) == "NoSuchBucket":
                    raise
                return None
        return content

    def list(self) -> dict[str, dict[str, Any]]:
        """All files below, by their names relative to it; "" where it is itself a file."""
        found = self.files.find(self.path, detail=True)
        prefix = f"{self.path}/".lstrip("/")
        return {
            path.lstrip("/").removeprefix(prefix) if path.lstrip("/") != self.path.lstrip("/") else "": facts
            for path, facts in found.items()
            # Some tools write an empty object for a folder.
            if facts["type"] == "file" and not path.endswith("/")
        }


def connect(url: str) -> Remote:
    """Finds out which library knows a URL; nothing is sent yet.

    Raises:
        SettingsError: there is a password in it, or no library knows it.
    """
    parts = urlsplit(url)
    if "@" in parts.netloc:
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        raise SettingsError(
            tr("a URL with a user name or password is refused"),
            details=[tr("got one for {place}", place=place)],
            cause=tr("It would end up in logs and in the history of the shell."),
            next_step=tr("leave it out, and set it in the environment: docs/storage.md says how."),
        )
    try:
        import fsspec

        # What was listed a moment ago may be another now.
        files, path = fsspec.url_to_fs(url.rstrip("/"), use_listings_cache=False)
    except ImportError as error:
        extra = "s3" if parts.scheme in {"s3", "s3a"} else ""
        raise SettingsError(
            tr("{scheme}:// needs a package that is not installed", scheme=parts.scheme),
            details=[error],
            next_step=f"pip install 'korean-emotion-etl[{extra}]'" if extra else tr("install it."),
        ) from error
    except ValueError as error:
        raise SettingsError(
            tr("{url} cannot be used", url=hide_query(url)),
            details=[_without_secrets(str(error))],
            next_step=tr("check its spelling."),
        ) from error
    return Remote(url.rstrip("/"), files, path.rstrip("/"))


def hide_query(url: str) -> str:
    """A URL for people: without what is signed into it. A path, which may have any character, as it is."""
    return url.partition("?")[0] if is_remote(url) else url


@contextmanager
def explain_errors(url: str, *, is_writing: bool = False) -> Iterator[None]:
    """Turns what goes wrong with a URL in the block into an error with its next step.

    Raises:
        InputError: it cannot be read.
        WriteError: it cannot be written, or what is downloaded has no room on the local disk.
    """
    try:
        yield
    except EtlError:
        raise
    except _library_errors() as error:
        raise _explanation(url, error, is_writing=is_writing) from error


def _library_errors() -> tuple[type[Exception], ...]:
    """Returns the exception types of the libraries that are loaded."""
    found: list[type[Exception]] = [OSError]
    for module, names in {
        "botocore.exceptions": ("BotoCoreError", "ClientError"),
        "aiohttp": ("ClientError",),
    }.items():
        if module in sys.modules:
            found += [getattr(sys.modules[module], name) for name in names]
    return tuple(found)


def _explanation(url: str, error: Exception, *, is_writing: bool) -> EtlError:
    details = [_without_secrets(f"{error}".partition("\n")[0] or type(error).__name__)]
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return WriteError(
            tr("there is no room for what is downloaded"),
            details=details,
            next_step=tr("make room, or set $ETL_CACHE_DIR to a folder that has some."),
        )
    kind = WriteError if is_writing else InputError
    what, cause, next_step = _words(error, hide_query(url), is_writing=is_writing)
    return kind(what, details=details, cause=cause, next_step=next_step)


def _words(error: Exception, place: str, *, is_writing: bool) -> tuple[str, str, str]:
    """Returns what is wrong with a place, the likely cause, and what to do."""
    name = type(error).__name__
    if name in {"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"}:
        return (
            tr("there are no credentials for {place}", place=place),
            tr("They are taken from the environment only."),
            tr(
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; for what is public, "
                "FSSPEC_S3='{\"anon\": true}'."
            ),
        )
    if isinstance(error, PermissionError):
        return (
            tr("access to {place} was refused", place=place),
            tr("The credentials are wrong or have expired, or may not do this."),
            tr("check them, and that they allow it to be written.")
            if is_writing
            else tr("check them, and that they allow it to be read."),
        )
    if code_of(error) == "NoSuchBucket":
        advice = tr("check how it is spelt, and AWS_DEFAULT_REGION and AWS_ENDPOINT_URL; or make it first.")
        return tr("there is no bucket for {place}", place=place), "", advice
    if isinstance(error, ConnectionError | TimeoutError) or "Connect" in name or "Timeout" in name:
        return (
            tr("{place} cannot be reached", place=place),
            tr("The server is down, the network is, or AWS_ENDPOINT_URL names another."),
            tr("run the command again when it can be reached."),
        )
    failed = (
        tr("{place} cannot be written", place=place)
        if is_writing
        else tr("{place} cannot be read", place=place)
    )
    if _is_servers_fault(error):
        cause = tr("The server failed, or the connection was cut.")
        return failed, cause, tr("run the command again.")
    return failed, "", tr("check that it is there, and yours.")


def _is_servers_fault(error: Exception) -> bool:
    """Whether an answer says that the server has failed (status 5xx), or broke off."""
    if type(error).__name__ == "ClientPayloadError" or getattr(error, "errno", 0) == SERVER_FAILED:
        return True
    status: int = _response_of(error).get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= _SERVER_ERRORS


def code_of(error: BaseException | None) -> str:
    """Returns the error code of S3."""
    return str(_response_of(error).get("Error", {}).get("Code", ""))


def _response_of(error: BaseException | None) -> dict[str, Any]:
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            return response
        error = error.__cause__
    return {}


def _without_secrets(text: str) -> str:
    """A message without secrets of the environment, passwords in URLs, and signatures."""
    for name, value in os.environ.items():
        if _SECRET_NAMES.search(name) and len(value) > 3:
            text = text.replace(value, "…")
    return re.sub(r"(://[^\s?\"']*)\?[^\s\"']*", r"\1", re.sub(r"://[^/\s@]*@", "://", text))


def transfer_all(transfer: Callable[[Item], None], items: Iterable[Item]) -> None:
    """Transfers files, several at once. What ends one of them, or Ctrl-C, ends the others at once.

    Args:
        transfer: uploads or downloads one.
        items: its arguments.

    Raises:
        Exception: what `transfer` raises.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures: list[Future[None]] = []
        try:
            with delayed:  # what has begun and is not in the list would not be ended
                futures += [pool.submit(transfer, item) for item in items]
            waiting = set(futures)
            while waiting:  # in short steps, as in `wait_for_result`
                with delayed:
                    done, waiting = wait(waiting, _MOMENT, FIRST_EXCEPTION)
                for future in done:
                    future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            # A transfer that a thread is about to begin can be cancelled a moment later only.
            while wait(futures, _MOMENT).not_done:
                _end_transfers()
            raise


def _end_transfers() -> None:
    """Cancels what the libraries of fsspec transfer; their threads end with a CancelledError."""
    from fsspec.asyn import get_loop

    loop = get_loop()

    def cancel() -> None:
        for task in asyncio.all_tasks(loop):
            # One that is cancelled before its first step tells its thread nothing, which would wait for ever.
            if inspect.getcoroutinestate(task.get_coro()) != inspect.CORO_CREATED:  # type: ignore[arg-type]
                task.cancel()

    loop.call_soon_threadsafe(cancel)
