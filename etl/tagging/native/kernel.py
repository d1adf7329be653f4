"""How compiled functions are declared: see `etl.tagging.native.compiled`. Importing this imports numba."""

from __future__ import annotations

from numba import njit

# They take pointers and numbers, and Python does not call them, so numba need not make wrappers for that.
kernel = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy")
