"""Okt without its JVM: the same tokens, from the same dictionaries, many times as fast.

    sentence → eojeols → (normalised) → pieces of one kind → words          cut, normalise, parse

Okt is context-free between white space, and an eojeol falls into pieces by fixed patterns: URLs, mentions,
tags, numbers, runs of one script. Only a run of Hangul has to be parsed, each distinct run of a batch once.
The few eojeols that are too long or too strange for the patterns go to the library itself, in a worker
process.

    jar, conjugation, patterns    the tables of a library that is known, without a JVM
    dump, check                   those of any other, and what either is compared with
    native                        how `etl.tagging.native` opens and proves it
"""
