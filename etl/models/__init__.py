"""The baseline: a small LSTM on the key tokens, always shown beside what needs no learning at all.

The only package that imports torch; nothing outside imports it but inside a function.
"""
