"""Alembic's entry: the tables of campaigns, run by the shared environment."""

from services.campaigns.tables import metadata
from shared.db.migrating import run_env

run_env("campaigns", metadata)
