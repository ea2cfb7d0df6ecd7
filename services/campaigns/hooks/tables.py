"""Where shops are told."""

from __future__ import annotations

from sqlalchemy import MetaData

from shared.receivers.tables import add_endpoint


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    add_endpoint(metadata, "webhook_endpoint")
