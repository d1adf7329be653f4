"""What runs on the nodes of a Ray cluster has in common, whether it reads, works on batches or is a task."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from etl.errors import EtlError

if TYPE_CHECKING:
    from ray.exceptions import RayTaskError


def use_one_thread() -> None:
    """Has polars use one thread in this process, if it has not begun: there is a process for each processor.

    Each with threads for all processors would only be in the way of the others.
    """
    os.environ.setdefault("POLARS_MAX_THREADS", "1")


def node_name() -> str:
    """Returns the name of the node on which this process runs, and the start of its id."""
    import ray

    return f"{platform.node()} ({ray.get_runtime_context().get_node_id()[:12]})"


@contextmanager
def errors_with_node() -> Iterator[None]:
    """Adds the name of this node to the details of errors that the block raises."""
    try:
        yield
    except EtlError as error:
        error.details.append(f"on the node {node_name()}")
        raise


def unwrap_error(error: RayTaskError) -> BaseException:
    """Returns the exception that was raised on a node, without Ray's wrapper."""
    return error.cause if isinstance(error.cause, Exception) else error


def first_line(error: BaseException) -> str:
    """Returns the first line of an error's text; those of Ray are long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
