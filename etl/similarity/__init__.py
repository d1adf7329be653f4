"""Which texts are nearly the same: exact Jaccard similarity of character trigrams."""
