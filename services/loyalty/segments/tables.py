"""Tables of the slice."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    Table(
        "belonging",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="whom a person was counted as"),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("sequence", BigInteger, nullable=False, comment="of what campaigns tells of the customer"),
        Column("shop", SmallInteger, nullable=False),
        Column("entered", Boolean, nullable=False, comment="false: they left"),
        Column("segment", Text(collation="C"), nullable=False, comment="as campaigns names it"),
        PrimaryKeyConstraint("shop", "customer", "segment", "at", "sequence", name="pk_belonging"),
        info={"worker": "SELECT, INSERT"},
    )
