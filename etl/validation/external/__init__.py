"""Tables and folders that this tool did not write, as datasets to validate."""
