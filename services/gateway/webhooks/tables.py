"""The connections of shops to their shop systems."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)


def add_connection_tables(metadata: MetaData) -> None:
    """Describe the slice's table in a MetaData that has a schema."""
    Table(
        "connection",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("address", Text(collation="C"), nullable=False),
        Column("vendor", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("secret", LargeBinary, nullable=False),  # encrypted, as bodies of dead letters are
        Column("previous_secret", LargeBinary),  # holds as well, until it is dropped
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("rotated_at", DateTime(timezone=True)),
        PrimaryKeyConstraint("shop", "address", name="pk_connection"),
        UniqueConstraint("shop", "name", name="uq_connection_name"),
        info={"api": "SELECT"},
    )
