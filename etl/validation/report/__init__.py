"""Renders findings: an HTML page, tables, JSON, JUnit, Great Expectations data docs."""
