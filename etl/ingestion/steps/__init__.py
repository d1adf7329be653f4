"""The steps of ingest: pure functions from frame to frame, one file each; none imports another.

No step removes, adds or reorders a row. It adds columns, or marks a row with a reason (see `mark.py`).
"""
