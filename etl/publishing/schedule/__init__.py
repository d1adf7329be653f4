"""Writes what a scheduler needs to run `etl refresh`: systemd, cron, Kubernetes, Airflow, Dagster."""
