"""Tables of lifecycle: changes of stages, the clocks of shops, gaps between order days, days of visits.

What stands of each customer now stands in their one row, `customer_state`.
"""

from __future__ import annotations

from sqlalchemy import (
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

_OWED = "to be told of a change by other settings: 1 the change, 2 that it is not true"
_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    _changes(metadata)
    _gaps(metadata)
    _beside(metadata)
    Table(
        "shop_clock",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("partition", Integer, nullable=False, comment="of orders.v1"),
        Column("until", DateTime(timezone=True), nullable=False, comment="all events that occurred before have come"),
        Column("origin", Text, nullable=False, comment="of the event that said so"),
        PrimaryKeyConstraint("shop", "partition", name="pk_shop_clock"),
    )
    visit = Table(
        "visit",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("day", Integer, nullable=False),
        Column("identity", BigInteger, nullable=False, comment="whom the event named"),
        PrimaryKeyConstraint("shop", "customer", "day", "identity", name="pk_visit"),
    )
    Index("ix_visit_identity", visit.c.shop, visit.c.identity, postgresql_where=text("identity <> customer"))


def _changes(metadata: MetaData) -> None:
    transition = Table(
        "transition",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("n", Integer, nullable=False, comment="numbers a customer's changes"),
        Column("day", Integer, nullable=False, comment="the shop's day on which it took effect"),
        Column("previous", SmallInteger, nullable=False),
        Column("stage", SmallInteger, nullable=False),
        Column("reason", SmallInteger, nullable=False),
        Column("last_active", Integer),
        Column("threshold", Integer),
        Column("evidence", LargeBinary, comment="JSON of the threshold"),
        Column("late", Boolean, nullable=False, comment="learnt after its day had been judged otherwise"),
        Column("time", DateTime(timezone=True), nullable=False),
        Column("event_id", _ID, comment="null: not published"),
        Column("retracted_by", _ID, comment="id of the event that took it back; empty: it had not been published"),
        Column("owed", SmallInteger, nullable=False, server_default=text("0"), comment=_OWED),
        PrimaryKeyConstraint("shop", "generation", "customer", "n", name="pk_transition"),
    )
    Index("ix_transition_day", transition.c.shop, transition.c.generation, transition.c.day)


def _gaps(metadata: MetaData) -> None:
    Table(
        "gap_count",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("first", Boolean, nullable=False, comment="from a customer's first order day to the second"),
        Column("gap", Integer, nullable=False),
        Column("value", BigInteger, nullable=False, comment="how many gaps of that length"),
        PrimaryKeyConstraint("shop", "generation", "partition", "first", "gap", name="pk_gap_count"),
        postgresql_with={"fillfactor": 50},
    )
    Table(
        "gap_figure",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("partition", Integer, nullable=False, comment="-1: the whole shop"),
        Column("day", Integer, nullable=False, comment="in force from its start"),
        Column("gaps", BigInteger, nullable=False),
        Column("gap_days", Integer, comment="quantile of the gaps in days; null: there were none"),
        Column("first_gaps", BigInteger, nullable=False),
        Column("first_gap_days", Integer),
        PrimaryKeyConstraint("shop", "generation", "partition", "day", name="pk_gap_figure"),
    )


def _beside(metadata: MetaData) -> None:
    # While another generation is built: gaps by the day that ended them, and customers whose stages are to be worked
    # out once more. Marks are only ever added, so that nobody waits for the builder.
    Table(
        "built_gap",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("day", Integer, nullable=False, comment="of the order that ended it"),
        Column("first", Boolean, nullable=False),
        Column("gap", Integer, nullable=False),
        Column("value", BigInteger, nullable=False),
        PrimaryKeyConstraint("shop", "generation", "partition", "day", "first", "gap", name="pk_built_gap"),
        info={"api": ""},
    )
    Table(
        "touched_customer",
        metadata,
        Column("id", BigInteger, Identity(always=True), nullable=False),
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_touched_customer"),
        info={"api": ""},
    )
