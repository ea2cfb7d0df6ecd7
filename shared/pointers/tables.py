"""Whom identities are counted as."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, SmallInteger, Table, text


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    pointer = Table(
        "customer_pointer",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity, as events name it"),
        Column("canonical", BigInteger, nullable=False, comment="whom it is counted as; itself after an undone merge"),
        Column("sequence", BigInteger, nullable=False, comment="of the event that said so"),
        Column("shop", SmallInteger, nullable=False),
        PrimaryKeyConstraint("shop", "customer", name="pk_customer_pointer"),
    )
    Index(
        "ix_customer_pointer_canonical",
        pointer.c.shop,
        pointer.c.canonical,
        postgresql_where=text("canonical <> customer"),
    )
