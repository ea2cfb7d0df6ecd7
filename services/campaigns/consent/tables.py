"""Tables of consents: what holds, and the links by which people change it."""

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
    text,
)

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    Table(
        "consent",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that said it"),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("channel", _ID, nullable=False),
        Column("purpose", _ID, nullable=False, comment="all: withdrawn for every purpose of the channel"),
        Column("state", Text, nullable=False),
        Column("record", _ID, nullable=False, comment="of the statement, whose evidence gateway keeps"),
        Column("source", Text, nullable=False),
        PrimaryKeyConstraint("shop", "customer", "channel", "purpose", name="pk_consent"),
        info={"api": "SELECT, INSERT", "api_changes": ("occurred_at", "state", "record", "source")},
    )
    link = Table(
        "consent_link",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("expires_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("channel", _ID, nullable=False),
        Column("locale", Text, nullable=False, server_default=text("''")),
        Column("message", _ID, nullable=False, comment="in which the link was sent"),
        Column("hash", LargeBinary, nullable=False, comment="SHA-256 of the token; that is in the message alone"),
        PrimaryKeyConstraint("shop", "hash", name="pk_consent_link"),
        info={"api": "SELECT"},
    )
    Index("ix_consent_link_customer", link.c.shop, link.c.customer)
    Index("ix_consent_link_expires_at", link.c.expires_at)
