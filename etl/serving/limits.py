"""What one request may cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The limits of a server; what is beyond them is refused, and the server goes on.

    Args:
        max_body_bytes: of the body of a request.
        max_texts: in a request.
        max_chars: of a text.
        timeout_seconds: from the first byte of a request to its answer; also for those that run when the
            server is asked to end.
        max_waiting: texts that wait for their turn, of all requests together.
    """

    max_body_bytes: int = 1_000_000
    max_texts: int = 1_000
    max_chars: int = 5_000
    timeout_seconds: float = 30.0
    max_waiting: int = 50_000
