"""Okt without its JVM: the same tokens, from the same dictionaries, many times as fast.

    sentence → eojeols → (normalised) → pieces of one script → words        cut, normalise, parse

Okt is context-free between white space, and an eojeol falls into pieces by fixed patterns; only a run of
Hangul has to be parsed, each distinct run of a batch once. The dictionaries come out of the installed
library (`dump`), and before they are ever used they must tag a few thousand eojeols exactly as the
library does (`open`). Eojeols that may be a URL, a mention or a hash tag go to the library itself, in a
worker process.
"""
