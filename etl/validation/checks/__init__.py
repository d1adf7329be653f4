"""The checks of `etl validate`, one file each."""
