"""The columns, taxonomies and data contracts: the YAML in `schemas/` and `data_contracts/`, typed."""
