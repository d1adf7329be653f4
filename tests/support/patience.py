"""How long a test waits for what has to come: only a test that fails waits that long, on whatever machine."""

PATIENCE = 300.0  # seconds
