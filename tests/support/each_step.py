"""SIGINT at each moment at which Python looks whether a signal has come, one after another."""

import signal
import sys
from collections.abc import Callable
from typing import Any

from etl.runtime import signals


def interrupt_at_each_step(run: Callable[[], object], check: Callable[[bool], object]) -> int:
    """Runs a function again and again, and stops it each time one call of a function in C later.

    Python looks for signals after such calls (and at few other places). In the main thread only.

    Args:
        run: the function.
        check: is called after each run with whether that was stopped.

    Returns:
        How many steps there were.
    """
    n_steps = step = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal n_steps
        n_steps += event == "c_return"
        if n_steps == step:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGINT)

    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in signals.ENDING}
    unraisable = sys.unraisablehook
    signals.end_like_interrupt()
    sys.unraisablehook = lambda _: None  # a signal that came while something was collected
    try:
        while n_steps == step:
            n_steps, step, is_stopped = 0, step + 1, False
            try:
                sys.setprofile(count)
                run()
            except KeyboardInterrupt:
                is_stopped = True
            finally:
                sys.setprofile(None)
            check(is_stopped)
    finally:
        sys.unraisablehook = unraisable
        signals.ignore()
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return step
