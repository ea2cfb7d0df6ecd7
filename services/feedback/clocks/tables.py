"""The table of `shared.clocks`, as this service has it."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    Table(
        "shop_clock",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("partition", Integer, nullable=False, comment="of orders.v1"),
        Column("until", DateTime(timezone=True), nullable=False, comment="all events that occurred before have come"),
        Column("origin", Text, nullable=False, comment="of the event that said so"),
        PrimaryKeyConstraint("shop", "partition", name="pk_shop_clock"),
    )
