"""Erasures and the answers of services: what a certificate is written from. No name, no contact, no free text."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
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
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB


def add_privacy_tables(metadata: MetaData) -> None:
    """Describe the slice's tables in a MetaData that has a schema."""
    erasure = Table(
        "erasure",
        metadata,
        Column("customer", BigInteger, nullable=False),  # the identity that was named
        Column("id", Uuid(), nullable=False),
        Column("requested_at", DateTime(timezone=True), nullable=False),
        Column("erased_at", DateTime(timezone=True)),  # contacts and identifiers were deleted
        Column("completed_at", DateTime(timezone=True)),  # every service has answered
        Column("raw_cleared_at", DateTime(timezone=True)),  # raw topics were cut off behind it
        Column("shop", SmallInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("reference", Text, nullable=False),
        Column("term_months", SmallInteger),  # asked for by the shop's term, not by people: judged anew when it is done
        Column("asked", ARRAY(Text), nullable=False),
        Column("removed", JSONB),  # by gateway, until its search through dead letters has ended
        Column("sought", ARRAY(LargeBinary)),  # keyed hashes that the search looks for; null: it has ended
        Column("searched", Uuid()),  # the dead letter that the search has come to
        PrimaryKeyConstraint("shop", "id", name="pk_erasure"),
        UniqueConstraint("shop", "customer", name="uq_erasure_customer"),
        info={"api": "SELECT, INSERT, UPDATE"},  # people may insist on what a term alone asked for
    )
    Index("ix_erasure_waiting", erasure.c.requested_at, postgresql_where=erasure.c.completed_at.is_(None))
    Table(
        "erasure_answer",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("id", Uuid(), nullable=False),
        Column("service", Text, nullable=False),
        Column("answered_at", DateTime(timezone=True), nullable=False),
        Column("removed", JSONB, nullable=False),
        Column("kept", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "id", "service", name="pk_erasure_answer"),
        info={"api": "SELECT"},
    )
