"""Members of a shop's programme."""

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
)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    member = Table(
        "member",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that joined"),
        Column("joined_at", DateTime(timezone=True), nullable=False, comment="what happens from then on earns"),
        Column("shop", SmallInteger, nullable=False),
        Column("how", SmallInteger, nullable=False, comment="1 by event, 2 by first order, 3 over HTTP"),
        Column("state", SmallInteger, nullable=False, comment="1 active, 2 left, 3 blocked"),
        Column("absences", LargeBinary, comment="JSON [[since, until, state, reason, actor], …], the last one now"),
        PrimaryKeyConstraint("shop", "customer", name="pk_member"),
        # Members join and come back over HTTP too.
        info={"api": "SELECT, INSERT, UPDATE"},
    )
    Index("ix_member_joined", member.c.shop, member.c.state, member.c.joined_at, member.c.customer)
