"""Tables of who is who. `customer` is the one table of the service that holds contacts in clear."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

_NOT_FOR_APIS = {"api": ""}  # who is who is the worker's affair: no route reads it


def add_identity_tables(metadata: MetaData) -> None:
    """Describe the slice's tables in a MetaData that has a schema."""
    Table(
        "customer",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("customer", BigInteger, nullable=False),
        Column("canonical", BigInteger, nullable=False),  # merge and unmerge move this, and nothing else
        Column("shop_customer_id", Text),
        Column("name", Text),
        Column("email", Text),
        Column("phone", Text),
        Column("locale", Text),
        # When the value was said, in microseconds since 1970; -1: never. The latest stays, whatever arrives when.
        Column("name_at_us", BigInteger, nullable=False),
        Column("email_at_us", BigInteger, nullable=False),
        Column("phone_at_us", BigInteger, nullable=False),
        Column("locale_at_us", BigInteger, nullable=False),
        Column("phones", SmallInteger, nullable=False),
        Column("emails", SmallInteger, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("shop", "customer", name="pk_customer"),
        info=_NOT_FOR_APIS,
    )
    Table(
        "customer_alias",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("value_hash", LargeBinary, nullable=False),  # 16 bytes, keyed
        Column("customer", BigInteger, nullable=False),
        PrimaryKeyConstraint("shop", "kind", "value_hash", name="pk_customer_alias"),
        info=_NOT_FOR_APIS,
    )
    Table(
        "order_customer",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", Text(collation="C"), nullable=False),
        Column("customer", BigInteger, nullable=False),
        Column("at_us", BigInteger, nullable=False),
        Column("tie", BigInteger, nullable=False),
        PrimaryKeyConstraint("shop", "order_id", name="pk_order_customer"),
        info=_NOT_FOR_APIS,
    )
