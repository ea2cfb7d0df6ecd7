"""Tables of orders: facts of each order, its status changes and refunds, and the last order days of each customer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
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

_FIGURE = "the figure in gap_figure that it rests on; 0: none"
_DUE = "day of the timer that is set; 0: none. A later one is not written"
_PUT_OFF = "the stage is to be worked out anew from the orders, by the timer"
_ID = Text(collation="C")  # compared by bytes: faster, and the order in which Python sorts


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    _facts(metadata)
    _told(metadata)
    _customers(metadata)
    # Orders that changed while a generation is built. Only ever added to, so that nobody waits for the builder.
    Table(
        "touched_order",
        metadata,
        Column("id", BigInteger, Identity(always=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_touched_order"),
        info={"api": ""},
    )


def _facts(metadata: MetaData) -> None:
    order_fact = Table(
        "order_fact",
        metadata,
        # Eight-byte columns first: no padding between columns, and rows of most orders have no nulls.
        Column("customer", BigInteger, nullable=False, comment="surrogate; 0 for a guest"),
        Column("completed_at", DateTime(timezone=True), comment="first completion; null while it is only known of"),
        Column("received_at", DateTime(timezone=True), comment="of that completion; completed_at if nobody said"),
        Column("status_at", DateTime(timezone=True), comment="last completion or cancellation"),
        Column("content_at", DateTime(timezone=True), comment="of the event whose content stands here"),
        Column("revenue", BigInteger, nullable=False, comment="minor units"),
        Column("net", BigInteger, nullable=False, comment="revenue less refunds, never below 0"),
        Column("day", Integer, comment="shop-local day of completed_at, an ordinal"),
        Column("booked_day", Integer, comment="day, or the day of receipt if that month had closed"),
        Column("shop", SmallInteger, nullable=False),
        Column("status", SmallInteger, nullable=False, comment="0 neither known, 1 cancelled, 2 completed"),
        Column("counted", Boolean, nullable=False, comment="completed, not cancelled, not wholly refunded"),
        Column("odd", Boolean, nullable=False, server_default=text("false"), comment="its life is told by spell"),
        Column("currency", Text, nullable=False),
        Column("content_id", _ID, nullable=False, comment="id of that event: decides between equal instants"),
        Column("lines", LargeBinary, comment="JSON [[line, pieces], …]; null for an order without lines"),
        Column("order_id", _ID, nullable=False),
        Column("identity", BigInteger, comment="whom the event named, where customer is another; null: customer"),
        PrimaryKeyConstraint("shop", "order_id", name="pk_order_fact"),
    )
    Index(
        "ix_order_fact_identity",
        order_fact.c.shop,
        order_fact.c.identity,
        postgresql_where=text("identity IS NOT NULL"),
    )
    Index(
        "ix_order_fact_customer_day",
        order_fact.c.shop,
        order_fact.c.customer,
        order_fact.c.day,
        postgresql_where=text("counted AND customer <> 0"),
    )
    # What basis `booked` needs besides what stands in order_fact: the first completion and the last content.
    Table(
        "order_status",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("completed", Boolean, nullable=False, comment="false: cancelled"),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("booked_day", Integer, nullable=False),
        PrimaryKeyConstraint("shop", "order_id", "occurred_at", "completed", name="pk_order_status"),
    )


def _told(metadata: MetaData) -> None:
    Table(
        "refund",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        Column("refund_id", _ID, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("event_id", _ID, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("booked_day", Integer, nullable=False),
        Column("amount", BigInteger, comment="minor units; null where neither amount nor items were named"),
        Column("currency", Text, comment="null: that of the order"),
        Column("whole", Boolean, nullable=False, comment="the shop named neither amount nor items"),
        Column("items", LargeBinary, comment="JSON [[line, pieces], …]"),
        PrimaryKeyConstraint("shop", "order_id", "refund_id", "occurred_at", "event_id", name="pk_refund"),
    )
    Table(
        "order_content",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("event_id", _ID, nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("customer", BigInteger, nullable=False, comment="surrogate; 0 for a guest"),
        Column("revenue", BigInteger, nullable=False, comment="minor units"),
        Column("currency", Text, nullable=False),
        Column("lines", LargeBinary, comment="JSON [[line, pieces], …]"),
        Column("identity", BigInteger, nullable=False, comment="whom the event named"),
        PrimaryKeyConstraint("shop", "order_id", "occurred_at", "event_id", name="pk_order_content"),
        Index("ix_order_content_identity", "shop", "identity"),
    )
    _spells(metadata)


def _spells(metadata: MetaData) -> None:
    # What the books say of orders whose own row does not tell it: one row for each stretch of days.
    Table(
        "spell",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        Column("since", Integer, nullable=False, comment="first day of the stretch, an ordinal"),
        Column("until", Integer, nullable=False, comment="day after its last; the greatest integer: no end"),
        Column("start", Integer, nullable=False, comment="day since which the order lives, on which it counts"),
        Column("customer", BigInteger, nullable=False, comment="surrogate; 0 for a guest"),
        Column("currency", Text, nullable=False),
        Column("net", BigInteger, nullable=False, comment="minor units"),
        PrimaryKeyConstraint("shop", "order_id", "since", name="pk_spell"),
        Index("ix_spell_customer", "shop", "customer"),
    )


def _customers(metadata: MetaData) -> None:
    # No index on what changes with each order, and room in each page: updates stay within their page (HOT).
    Table(
        "customer_state",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("first_day", Integer, nullable=False, comment="0: no counted order"),
        Column("orders", Integer, nullable=False, comment="counted orders"),
        Column("version", Integer, nullable=False, comment="rises with each change"),
        Column("days", ARRAY(Integer), nullable=False, comment="last order days, rising, repeats kept, 0 in front"),
        *_life(),
        Column("odd", Integer, nullable=False, server_default=text("0"), comment="not 0: basis booked differs"),
        PrimaryKeyConstraint("shop", "generation", "customer", name="pk_customer_state"),
        # The one index on what changes: on a stage, which few orders change.
        Index("ix_customer_state_stage", "shop", "generation", "stage", "customer"),
        Index("ix_customer_state_odd", "shop", "generation", "customer", postgresql_where=text("odd <> 0")),
        postgresql_with={"fillfactor": 80},
    )


def _life() -> list[Column[Any]]:
    """Columns that lifecycle decides and that are written with the customer's row: one write an order, not two."""
    zero, no_gaps = text("0"), text("decode(repeat('00'::text, 40), 'hex'::text)")
    stages = "0 prospect, 1 new, 2 active, 3 lapsing, 4 lost, 5 reactivated"
    changed = "greatest day of an event of their own that changed their order days"
    gaps = "20 gaps between days of activity, two bytes each, newest last, 0 in front"
    lapses = "days without activity after which the customer lapses; 0: none yet"
    began = "day of the order or visit that last changed it"
    numbers = [
        Column("stage_began", Integer, nullable=False, server_default=zero, comment=began),
        Column("last_visit", Integer, nullable=False, server_default=zero, comment="0: none"),
        Column("threshold", Integer, nullable=False, server_default=zero, comment=lapses),
        Column("figure_day", Integer, nullable=False, server_default=zero, comment=_FIGURE),
        Column("seen", Integer, nullable=False, server_default=zero, comment=changed),
        Column("due", Integer, nullable=False, server_default=zero, comment=_DUE),
        Column("changes", Integer, nullable=False, server_default=zero, comment="number of the last transition"),
    ]
    return [
        Column("stage", SmallInteger, nullable=False, server_default=zero, comment=stages),
        *numbers,
        Column("put_off", Boolean, nullable=False, server_default=text("false"), comment=_PUT_OFF),
        Column("gaps", LargeBinary, nullable=False, server_default=no_gaps, comment=gaps),
    ]
