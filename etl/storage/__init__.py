"""Inputs and outputs that are URLs: fetched before a run, published after it. All else sees local files."""
