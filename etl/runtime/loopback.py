"""Servers on this machine: a socket that others do not reach, and requests that no foreign web page made.

A browser sends requests to 127.0.0.1 for any web page that asks it to. Such a page does not know the token of
the address, names itself in `Origin`, and where it had its own name resolved to 127.0.0.1 it gives itself
away in `Host`.
"""

from __future__ import annotations

import errno
import ipaddress
import secrets
import socket
from collections.abc import Mapping

from etl.errors import SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words

HOST = "127.0.0.1"
_NAMES = frozenset({HOST, "localhost", "[::1]"})
_TOKEN_BYTES = 24


def make_token() -> str:
    """Returns a token that nobody can guess."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_socket(port: int, host: str = HOST) -> socket.socket:
    """Listens on a port.

    Args:
        port: 0 takes one that is free.
        host: an address or a name of this machine; by default no other machine reaches it.

    Raises:
        SettingsError: the port is taken, or not ours to take; or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.getaddrinfo(host, port)  # which tells a host that is none from a port that is taken
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        if not isinstance(error, OSError) or _is_no_address(error):
            raise SettingsError(
                tr("{host} is no address of this machine", host=host),
                next_step=tr("name one with `--host`; only this machine reaches {loopback}.", loopback=HOST),
            ) from error
        where = (
            tr("port {port}", port=port) if host == HOST else tr("{host}, port {port}", host=host, port=port)
        )
        raise SettingsError(
            tr("nothing can be served on {where}", where=where),
            # Python adds to what the system says on which address it happened.
            details=[system_words(OSError(error.errno, str(error.strerror).partition(" (while ")[0]))],
            next_step=tr("choose another port with `--port`; 0 takes one that is free."),
        ) from error


def _is_no_address(error: OSError) -> bool:
    """Whether an error says that a host is no address of this machine."""
    return isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL


def names_this_machine(headers: Mapping[str, str]) -> bool:
    """Whether the header `Host` of a request names this machine by its loopback address."""
    host = headers.get("host", "")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return name in _NAMES


def is_from_own_page(headers: Mapping[str, str], *, is_local: bool = True) -> bool:
    """Whether a request comes from a page of the server, or from no page at all.

    Args:
        headers: of the request, in lower case.
        is_local: only this machine reaches the server. Else a proxy may have taken the encryption off.
    """
    host = headers.get("host", "")
    own = {None, f"http://{host}"} if is_local else {None, f"http://{host}", f"https://{host}"}
    return headers.get("origin") in own and headers.get("sec-fetch-site") in (None, "none", "same-origin")
