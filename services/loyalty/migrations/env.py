"""Alembic's entry: the tables of loyalty, run by the shared environment."""

from services.loyalty.tables import metadata
from shared.db.migrating import run_env

run_env("loyalty", metadata)
