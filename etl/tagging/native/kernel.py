"""How compiled functions are declared: see `etl.tagging.native.compiled`. Importing this imports numba."""

from __future__ import annotations

from numba import njit

# Python does not call them, so numba need not make wrappers for that. They allocate nothing, so it need not
# count references either, which would take half of their time.
kernel = njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy", _nrt=False)
