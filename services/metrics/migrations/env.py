"""Alembic's entry: the tables of metrics, run by the shared environment."""

from services.metrics.tables import metadata
from shared.db.migrating import run_env

run_env("metrics", metadata)
