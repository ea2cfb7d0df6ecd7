"""Where persons stand, as it was told last. What they did stands with their orders and interactions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    Table(
        "tier_standing",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="whom the person is counted as"),
        Column("since", Integer, nullable=False, comment="day on which the level was reached, or changed last"),
        Column("due", Integer, nullable=False, comment="day on which it is looked at next; 2147483647: none"),
        Column("seen", Integer, nullable=False, comment="the day up to which changes were told"),
        Column("number", Integer, nullable=False, comment="how many changes were told"),
        Column("shop", SmallInteger, nullable=False),
        Column("missed", Boolean, nullable=False, comment="the last review found too little; grace runs until `due`"),
        Column("level", Text(collation="C"), nullable=False, comment="id; empty: the first"),
        PrimaryKeyConstraint("shop", "customer", name="pk_tier_standing"),
        info={"api": "SELECT"},
    )
