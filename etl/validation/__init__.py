"""Looks at a dataset as a stranger would: recomputes everything from the rows, and says what it found."""
