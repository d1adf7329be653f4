"""A model as a web page, and as an ES module: `etl export --format web`."""
