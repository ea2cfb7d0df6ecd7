"""Templates as versioned data: a version is only ever added."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    Table(
        "template_version",
        metadata,
        Column("published_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("template", _ID, nullable=False),
        Column("author", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "template", "version", name="pk_template_version"),
        info={"api": "SELECT, INSERT", "worker": "SELECT"},
    )
