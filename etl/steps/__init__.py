"""The steps of the corridor: pure functions from frame to frame, one file each, none knows another.

No step removes, adds or reorders a row: it adds columns, or marks a row with a reason (`etl.steps.mark`).
"""
