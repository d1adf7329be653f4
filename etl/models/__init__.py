"""Models of a dataset: baselines and fine-tuned transformers, their training, use and export.

The only package that imports torch. `training`, `inference` and `export` are the same for both kinds of
models: each is a network from ids to logits with an `Encoder` that makes the ids.
"""
