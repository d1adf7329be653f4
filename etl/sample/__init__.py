"""Made-up corpora in the exact formats of the real ones, and a demo of the whole pipeline on them."""
