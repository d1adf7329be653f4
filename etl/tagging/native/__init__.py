"""Taggers that are written again in compiled code, and the proof that each answers as its library does.

    native.py    what such a tagger is: a few functions over the files that it reads
    open.py      opens it: makes its files once, in the cache folder
    proof.py     made-up texts, tagged by the library and by ours: what differs
    registry.py  which taggers there are
    known.py     whether a library is one that was compared in full
    compiled.py  compiled functions, kept as machine code; kernel.py declares them
    batch.py     texts as bytes, and bytes as columns

A library whose files are known by their hashes was proved before. Any other version is proved when it is
first used; where one text differs, the library tags by itself.
"""
