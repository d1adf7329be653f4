"""Processes, locks, paths, the console, and the engines that run batches: used by every stage."""

import logging

# The library itself shows nothing; `etl.runtime.console.show_log` does so for the commands.
logging.getLogger("etl").addHandler(logging.NullHandler())
