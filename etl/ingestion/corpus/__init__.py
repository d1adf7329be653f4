"""The steps that see the whole corpus, a partition at a time."""
