"""What the tests share: small datasets and raw files, servers, and `etl` run as a user runs it."""
