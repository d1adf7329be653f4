"""Corrections: what people decided about rows, as data that ingest applies; see docs/review.md."""

from etl.corrections.append import append_decision
from etl.corrections.decision import Decision
from etl.corrections.read import read_decisions
from etl.corrections.resolve import Resolved, resolve
from etl.corrections.text_hashes import text_hash

__all__ = ["Decision", "Resolved", "append_decision", "read_decisions", "resolve", "text_hash"]
