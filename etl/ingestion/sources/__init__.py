"""Raw files to frames of sentences: one file per corpus, and a few for archives, encodings and tables."""
