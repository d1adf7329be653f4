"""What a request gets that is not answered: a status, and an error that says what to do next."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """Why a request is refused: `error` of the answer.

    Args:
        code: never changes its meaning, for programs.
        message: what is wrong, with what was expected and got.
        next: what to do.
    """

    code: str
    message: str
    next: str


class RefusedError(Exception):
    """A request that is not answered.

    Args:
        status: of HTTP.
        code, message, next_step: see `Problem`.
        headers: of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, next_step: str, headers: dict[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.headers = status, headers or {}
        self.problem = Problem(code, message, next_step)

    def body(self) -> bytes:
        """Returns the JSON of the answer."""
        return msgspec.json.encode({"error": self.problem})
