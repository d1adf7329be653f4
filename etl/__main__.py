"""`python -m etl` is `etl`: the first module that is loaded, so that a signal is answered from here on."""

import sys

from etl.language import choice
from etl.runtime import signals

signals.end_at_once()


def main() -> None:
    """Loads the commands, and runs one."""
    # Before typer is loaded, which looks its own words up once.
    choice.speak(sys.argv)
    signals.end_at_once()  # which it says in that language from here on
    from etl.cli import main as run_command

    try:
        run_command()
    finally:
        signals.ignore()


if __name__ == "__main__":
    main()
