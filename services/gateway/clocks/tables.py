"""How far each partition of the raw topic has come in the time of a shop on the stream clock."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text


def add_clock_tables(metadata: MetaData) -> None:
    """Describe the slice's table in a MetaData that has a schema."""
    Table(
        "shop_clock",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("until", DateTime(timezone=True)),  # null: the time of the whole shop has not begun
        Column("origin", Text, nullable=False),
        Column("partitions", Integer, nullable=False),
        PrimaryKeyConstraint("shop", "partition", name="pk_shop_clock"),
        info={"api": ""},
    )
