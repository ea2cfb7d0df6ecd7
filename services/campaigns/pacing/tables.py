"""What a shop allows itself: versions, of which the last one holds."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    Table(
        "message_policy",
        metadata,
        Column("published_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("author", Text, nullable=False),
        Column("policy", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "version", name="pk_message_policy"),
        info={"api": "SELECT, INSERT"},
    )
