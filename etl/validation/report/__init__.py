"""How findings are shown: an HTML page, tables, JSON, JUnit, Great Expectations data docs."""
