"""From raw files to a dataset: sources, steps, and the pipeline that runs them."""
