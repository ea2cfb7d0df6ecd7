"""Where shops are told of entitlements, and what is to be told."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from shared.receivers.tables import add_endpoint

_ID = Text(collation="C")
_ZERO = text("0")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    add_endpoint(metadata, "entitlement_endpoint")
    delivery = Table(
        "entitlement_delivery",
        metadata,
        Column("made_at", DateTime(timezone=True), nullable=False),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("claimed_until", DateTime(timezone=True), comment="somebody is sending it; over, it is sent again"),
        Column("ended_at", DateTime(timezone=True), comment="delivered, or given up"),
        Column("customer", BigInteger, nullable=False, comment="an identity"),
        Column("attempts", Integer, nullable=False, server_default=_ZERO, comment="begun, in all"),
        Column("failures", Integer, nullable=False, server_default=_ZERO, comment="since it waits; they set the pause"),
        Column("shop", SmallInteger, nullable=False),
        Column("number", SmallInteger, nullable=False, comment="of the redemption, from 1: the order they go out in"),
        Column("state", SmallInteger, nullable=False, comment="1 waiting 2 delivered 3 failed"),
        Column("last_status", SmallInteger, comment="of the last answer; null: there was none"),
        Column("redemption", _ID, nullable=False),
        Column("what", Text, nullable=False, comment="granted or revoked"),
        Column("trouble", Text, nullable=False, server_default=text("''")),
        Column("body", Text, nullable=False, comment="the same bytes at each attempt"),
        PrimaryKeyConstraint("shop", "redemption", "number", name="pk_entitlement_delivery"),
        CheckConstraint("number >= 1 AND attempts >= 0 AND failures >= 0", name="ck_entitlement_delivery_counts"),
        info={
            "api": "SELECT, INSERT",
            "api_changes": ("state", "due_at", "ended_at", "failures", "trouble"),
        },
    )
    waits = delivery.c.state == 1
    Index("ix_entitlement_delivery_due", delivery.c.shop, delivery.c.due_at, postgresql_where=waits)
    Index("ix_entitlement_delivery_made", delivery.c.shop, delivery.c.made_at, delivery.c.redemption)
    Index("ix_entitlement_delivery_failed", delivery.c.shop, delivery.c.made_at, postgresql_where=delivery.c.state == 3)
    Index("ix_entitlement_delivery_customer", delivery.c.shop, delivery.c.customer)
