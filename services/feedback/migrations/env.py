"""Alembic's entry: the tables of feedback, run by the shared environment."""

from services.feedback.tables import metadata
from shared.db.migrating import run_env

run_env("feedback", metadata)
