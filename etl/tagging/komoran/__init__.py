"""Komoran without its JVM: the same tokens, from the same model, many times as fast.

    text → lines of letters → words that may stand there → best path → tokens
           sentences          candidates                   lattice, paths

Komoran takes syllables apart to letters, finds all words of its dictionary with an automaton (`trie`), and
chooses among them by how often a word has a tag and one tag follows another. Its model is four files of
KoNLPy's, which `dump` writes anew as arrays; no Java is needed for it. What Komoran fails at goes to the
library itself, which says so. `made_up` has texts by which the arrays can be proved before they are used.
"""
