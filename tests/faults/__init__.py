"""Faults at every place: in system calls, by kill -9, in artefacts and raw files, by signals, side by side.

`table` lists what there is to break, `prepared` makes one folder with all of it, and each kind of fault has a
module of its own. `python -m faults` runs all of them, `pytest tests/faults` a tenth.
"""
