"""What a row, an emotion label and a corpus are: the YAML in `schemas/` and `data_contracts/`, typed."""
