"""The dataset on disk: shards, rejects, manifest, card. Written whole or not at all."""
