"""Browsers, by identity."""

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
    browser = Table(
        "browser",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that registered it"),
        Column("added_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("id", LargeBinary, nullable=False, comment="SHA-256 of the address"),
        Column("endpoint", Text, nullable=False, comment="of the push service, for this browser alone"),
        Column("key", LargeBinary, nullable=False),
        Column("auth", LargeBinary, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_browser"),
        info={"api": "SELECT, INSERT, UPDATE, DELETE"},
    )
    Index("ix_browser_customer", browser.c.shop, browser.c.customer)
