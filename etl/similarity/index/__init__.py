"""A persistent index of texts that finds near-duplicates in bounded memory; see `near_index`."""
