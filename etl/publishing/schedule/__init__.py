"""Has somebody else's scheduler run `etl refresh`: systemd, cron, Kubernetes, Airflow, Dagster."""
