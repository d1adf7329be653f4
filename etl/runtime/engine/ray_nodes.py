"""What runs on the nodes of a Ray cluster has in common, whether it reads, works on batches or is a task."""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.errors import EtlError, SettingsError
from etl.language.message import tr
from etl.language.system_words import system_words

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
        error.details.append(tr("on the node {node}", node=node_name()))
        raise


def get_result(reference: Any, what: str, cause: str, *, tries: int) -> Any:
    """Waits for what a reference stands for.

    Args:
        reference: of a task, or of an object.
        what, cause: of the error if it is lost each time it was tried.
        tries: how often Ray tries.

    Raises:
        EtlError: it is lost; or what the task raised.
    """
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        return ray.get(reference)
    except RayTaskError as error:
        raise unwrap_error(error) from error
    except RayError as error:
        raise EtlError(
            what,
            details=[tr("tried {tries} times: {problem}", tries=tries, problem=first_line(error))],
            cause=cause,
            next_step=tr("look at the nodes with `ray status`, and run the command again."),
        ) from error


def check_folder(folder: Path, next_step: str) -> None:
    """Checks that each node sees what this machine writes into a folder, and may write there.

    Args:
        folder: it must be there.
        next_step: what to do where a node does not.

    Raises:
        SettingsError: a node does not.
    """
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    content = secrets.token_hex(16)
    probe = folder.absolute() / f".probe-{content}"
    probe.write_text(content, encoding="ascii")
    task: Any = ray.remote(num_cpus=0, max_retries=0)(_look_at)
    problems: list[str] = []
    try:
        asked = [
            task.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False))
            for node in ray.nodes()
            if node["Alive"]
        ]
        for answer in [each.remote(probe, content) for each in asked]:
            with suppress(RayError):  # the node has died meanwhile, so it gets no work
                problems += ray.get(answer)
    finally:
        probe.unlink(missing_ok=True)
    if problems:
        raise SettingsError(
            tr("not all nodes of the Ray cluster share the folder {folder}", folder=folder),
            details=problems,
            cause=tr("It is on the disk of this machine, or the node has it under another path."),
            next_step=next_step,
        )


def _look_at(probe: Path, content: str) -> list[str]:
    """Runs on a node; returns what is wrong with the folder there."""
    own = probe.with_name(f"{probe.name}-{secrets.token_hex(8)}")
    try:
        found = probe.read_text(encoding="ascii")
        own.write_text(content, encoding="ascii")
        own.unlink()
    except OSError as error:
        return [tr("on the node {node}: {problem}", node=node_name(), problem=system_words(error))]
    if found == content:
        return []
    return [tr("on the node {node}: it holds other files", node=node_name())]


def cancel(tasks: Iterable[Any]) -> None:
    """Ends tasks whose results nobody waits for any more."""
    import ray

    if ray.is_initialized():  # else all have ended, and Ray would start anew
        for task in tasks:
            ray.cancel(task, force=True)


def unwrap_error(error: RayTaskError) -> BaseException:
    """Returns the exception that was raised on a node, without Ray's wrapper."""
    return error.cause if isinstance(error.cause, Exception) else error


def first_line(error: BaseException) -> str:
    """Returns the first line of an error's text; those of Ray are long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
