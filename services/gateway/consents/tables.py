"""Statements of consent, as evidence: only ever added to, until the person is erased."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text, text


def add_consent_tables(metadata: MetaData) -> None:
    """Describe the slice's table in a MetaData that has a schema."""
    Table(
        "consent",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("record", Text(collation="C"), nullable=False),
        Column("channel", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("source", Text, nullable=False),
        Column("evidence", Text),  # free text of whoever collected it; on no topic
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("shop", "customer", "record", name="pk_consent"),
        info={"api": "SELECT, INSERT"},
    )
