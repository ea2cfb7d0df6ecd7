"""Tables of orders: what each order, and each interaction that earns, is known as, and what it was given."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

_ID = Text(collation="C")  # compared by bytes: faster, and the order in which Python sorts
_WORKERS = {"api": "SELECT"}


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    _occasions(metadata)
    Table(
        "occasion_refund",
        metadata,
        Column("at", DateTime(timezone=True), nullable=False),
        Column("amount", BigInteger, comment="minor units; null where neither amount nor items were named"),
        Column("shop", SmallInteger, nullable=False),
        Column("whole", Boolean, nullable=False, comment="the shop named neither amount nor items"),
        Column("order_id", _ID, nullable=False),
        Column("refund_id", _ID, nullable=False),
        Column("event_id", _ID, nullable=False, comment="of the last telling"),
        Column("currency", Text, nullable=False, comment="empty: that of the order"),
        Column("items", LargeBinary, comment="JSON [[line, pieces], …]"),
        Column("amounts", LargeBinary, comment="JSON [[line, minor units], …]"),
        PrimaryKeyConstraint("shop", "order_id", "refund_id", name="pk_occasion_refund"),
        info=_WORKERS,
    )
    Table(
        "cap_use",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="an identity"),
        Column("points", BigInteger, nullable=False, comment="earned before refunds, of what stands"),
        Column("day", Integer, nullable=False, comment="of the shop"),
        Column("shop", SmallInteger, nullable=False),
        Column("rule", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "customer", "rule", "day", name="pk_cap_use"),
        info=_WORKERS,
    )
    Table(
        "order_spend",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that spent"),
        Column("points", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        Column("hold", _ID, nullable=False, comment="as the ledger names the spend"),
        PrimaryKeyConstraint("shop", "order_id", "hold", name="pk_order_spend"),
        info={"api": "SELECT, INSERT"},
    )


def _occasions(metadata: MetaData) -> None:
    occasion = Table(
        "occasion",
        metadata,
        # Eight-byte columns first: no padding between columns, and rows of most orders have few nulls.
        Column("customer", BigInteger, nullable=False, comment="the identity that events name; 0 for a guest"),
        Column("first_at", DateTime(timezone=True), comment="first completion; null while there is none"),
        Column("last_at", DateTime(timezone=True), comment="last completion or cancellation"),
        Column("content_at", DateTime(timezone=True), comment="of the event whose content stands here"),
        Column("delivered_at", DateTime(timezone=True), comment="the first delivery that was told of"),
        Column("revenue", BigInteger, nullable=False, comment="minor units, before refunds"),
        Column("points", BigInteger, nullable=False, server_default=text("0"), comment="that stand for it"),
        Column("through", BigInteger, comment="by whose membership; 0: by none any more; null: never judged"),
        Column("kept", BigInteger, comment="revenue left, as tiers count it; null: it counts for nothing"),
        Column("day", Integer, comment="of the shop, that it counts on; null: never judged"),
        Column("starts", Integer, comment="the day on which its points become active; null: never judged"),
        Column("shop", SmallInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False, comment="1 an order, 2 an interaction"),
        Column("status", SmallInteger, nullable=False, comment="0 neither known, 1 cancelled, 2 completed"),
        Column("currency", Text, nullable=False),
        Column("name", Text, nullable=False, comment="of the interaction; empty: an order"),
        Column("content_id", _ID, nullable=False, comment="id of that event: decides between equal instants"),
        Column("id", _ID, nullable=False, comment="of the order, or of the event of the interaction"),
        Column("detail", LargeBinary, comment="JSON [channel, lines, name]; null where there is nothing"),
        Column("granted", LargeBinary, comment="JSON: context, parts by rule and line; null: never judged"),
        PrimaryKeyConstraint("shop", "kind", "id", name="pk_occasion"),
        # Whoever spends points on an order makes its empty row and locks it, so that no refund slips by. Who locks must
        # have a right to change something: the shop, which the policy keeps from being another.
        info={"api": "SELECT, INSERT", "api_changes": ("shop",)},
    )
    Index("ix_occasion_customer", occasion.c.shop, occasion.c.customer, occasion.c.first_at)
