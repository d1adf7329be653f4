"""How functions are compiled: once on this machine, and kept.

Most of the time would go into what lets Python call each of them, which only a few need.
"""

from __future__ import annotations

from numba import njit

_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": False}
from_python = njit(**_OPTIONS)
inner = njit(**_OPTIONS, no_cpython_wrapper=True)
