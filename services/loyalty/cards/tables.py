"""Cards, and tokens of bank cards."""

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

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    card = Table(
        "card",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that it was issued to"),
        Column("issued_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False, comment="1 digital, 2 physical"),
        Column("state", SmallInteger, nullable=False, comment="1 active, 2 blocked, 3 replaced"),
        Column("number", _ID, nullable=False, comment="16 digits, the last of which checks"),
        Column("replaced_by", _ID, nullable=False, comment="empty: by none"),
        PrimaryKeyConstraint("shop", "number", name="pk_card"),
        info={"api": "SELECT, INSERT, UPDATE"},
    )
    Index("ix_card_customer", card.c.shop, card.c.customer)
    bank_card = Table(
        "bank_card",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that it was linked to"),
        Column("linked_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("token", LargeBinary, nullable=False, comment="hash of the payment provider's token; never a number"),
        PrimaryKeyConstraint("shop", "token", name="pk_bank_card"),
        info={"api": "SELECT, INSERT, UPDATE, DELETE"},
    )
    Index("ix_bank_card_customer", bank_card.c.shop, bank_card.c.customer)
