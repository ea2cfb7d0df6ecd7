"""Tables of who is who. `customer` is the one table of the service that holds contacts in clear."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)


def add_identity_tables(metadata: MetaData) -> None:
    """Describe the slice's tables in a MetaData that has a schema."""
    _people(metadata)
    _joining(metadata)


def _people(metadata: MetaData) -> None:
    customer = Table(
        "customer",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("customer", BigInteger, nullable=False),
        Column(
            "canonical", BigInteger, nullable=False
        ),  # merge and unmerge move this and `merged_into`, and nothing else
        Column("shop_customer_id", Text),
        Column("name", Text),
        Column("email", Text),
        Column("phone", Text),
        Column("locale", Text),
        Column("birthday", Text),
        # When the value was said, in microseconds since 1970; -1: never. The latest stays, whatever arrives when.
        Column("name_at_us", BigInteger, nullable=False),
        Column("email_at_us", BigInteger, nullable=False),
        Column("phone_at_us", BigInteger, nullable=False),
        Column("locale_at_us", BigInteger, nullable=False),
        Column("birthday_at_us", BigInteger, nullable=False, server_default=text("-1")),
        Column("phones", SmallInteger, nullable=False),
        Column("emails", SmallInteger, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        Column("merged_into", BigInteger),  # whom a merge joined it to; `canonical` is where such steps end
        Column("visitors", SmallInteger, nullable=False, server_default=text("0")),
        Column("erasure", Uuid()),  # id of the erasure that emptied this row; null: not erased
        PrimaryKeyConstraint("shop", "customer", name="pk_customer"),
        info={"api": "SELECT, UPDATE"},
    )
    Index(
        "ix_customer_merged",
        customer.c.shop,
        customer.c.canonical,
        postgresql_where=text("canonical <> customer"),
    )
    Table(
        "customer_alias",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("value_hash", LargeBinary, nullable=False),  # 16 bytes, keyed
        Column("customer", BigInteger, nullable=False),  # 0: a browser that was seen with two people, and is nobody's
        PrimaryKeyConstraint("shop", "kind", "value_hash", name="pk_customer_alias"),
        Index("ix_customer_alias_customer", "shop", "customer"),
        info={"api": "SELECT"},
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
        # Not by time as well: an order that is told of again moves its time, and would move in such an index.
        Index("ix_order_customer_customer", "shop", "customer"),
        info={"api": "SELECT"},  # who has not ordered for long is counted before they are erased
    )


def _joining(metadata: MetaData) -> None:
    # Only ever added to: every merge and every undoing, and who did it.
    join = Table(
        "customer_join",
        metadata,
        Column("id", BigInteger, Identity(always=True), nullable=False),
        Column("customer", BigInteger, nullable=False),
        Column("other", BigInteger, nullable=False),  # whom it was merged into, or parted from
        Column("shop", SmallInteger, nullable=False),
        Column("action", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("done_by", Text, nullable=False),
        Column("done_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("shop", "id", name="pk_customer_join"),
        Index("ix_customer_join_customer", "shop", "customer"),
        info={"api": "SELECT, INSERT"},
    )
    # What staff wrote is of both: an erasure of either finds it. Merges by events say nothing and are left out.
    Index("ix_customer_join_other", join.c.shop, join.c.other, postgresql_where=text("reason <> ''"))
    # Two whom an event named and who were not joined; those whom staff keep apart.
    Table(
        "customer_conflict",
        metadata,
        Column("customer", BigInteger, nullable=False),  # the smaller number of the two
        Column("other", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("reason", Text, nullable=False),
        Column("noted_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
        PrimaryKeyConstraint("shop", "customer", "other", "reason", name="pk_customer_conflict"),
        Index("ix_customer_conflict_other", "shop", "other"),
        info={"api": "SELECT, INSERT, DELETE"},
    )
