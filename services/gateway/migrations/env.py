"""Run by alembic."""

from services.gateway.tables import metadata
from shared.db.migrating import run_env

run_env("gateway", metadata)
