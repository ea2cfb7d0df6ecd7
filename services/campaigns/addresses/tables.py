"""What staff lifted. Which addresses are left alone is no table: it follows from what came back of messages."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    lift = Table(
        "address_lift",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="whose address it was when it was lifted"),
        Column("lifted_at", DateTime(timezone=True), nullable=False, comment="what came back before says nothing"),
        Column("shop", SmallInteger, nullable=False),
        Column("channel", Text, nullable=False),
        Column("went_to", LargeBinary, nullable=False, comment="keyed mark of the address"),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False, comment="a word for machines"),
        PrimaryKeyConstraint("shop", "went_to", "lifted_at", name="pk_address_lift"),
        info={"api": "SELECT, INSERT"},
    )
    Index("ix_address_lift_customer", lift.c.shop, lift.c.customer)
