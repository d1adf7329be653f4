"""Korean emotion corpora in, one dataset that can be trusted out.

The route of a sentence is one list, in `etl.ingestion.pipeline`; the commands are in `etl.cli`.
"""

__version__ = "0.1.0"
