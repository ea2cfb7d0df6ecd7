"""Tables of generations: how far a build has come, and what it has made of orders so far."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
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

_ID = Text(collation="C")
_PHASE = "1 orders are dated, 2 customers counted, 4 stages worked out, 3 all is done, 5 live, days are exchanged"
_MOVED = "orders whose days differ from those in order_fact"


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    Table(
        "generation_build",
        metadata,
        Column("shop", SmallInteger, nullable=False, autoincrement=False),
        Column("generation", SmallInteger, nullable=False),
        Column("phase", SmallInteger, nullable=False, comment=_PHASE),
        Column("same_days", Boolean, nullable=False, comment="orders keep the days that they have"),
        Column("order_cursor", _ID, nullable=False),
        Column("customer_cursor", BigInteger, nullable=False),
        Column("orders", BigInteger, nullable=False, comment="as many as there were when it began"),
        Column("orders_done", BigInteger, nullable=False),
        Column("customers", BigInteger, nullable=False),
        Column("customers_done", BigInteger, nullable=False),
        Column("moved", BigInteger, nullable=False, comment=_MOVED),
        Column("stage_cursor", BigInteger, nullable=False, server_default=text("0")),
        Column("stages_done", BigInteger, nullable=False, server_default=text("0")),
        Column("busy_ms", BigInteger, nullable=False, comment="time spent in steps so far"),
        Column("began_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("shop", name="pk_generation_build"),
    )
    built = Table(
        "built_order",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("net", BigInteger, nullable=False),
        Column("day", Integer),
        Column("booked_day", Integer),
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("counted", Boolean, nullable=False),
        Column("odd", Boolean, nullable=False),
        Column("moved", Boolean, nullable=False, comment="differs from order_fact"),
        Column("currency", Text, nullable=False),
        Column("order_id", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "generation", "order_id", name="pk_built_order"),
        info={"api": ""},
    )
    Index("ix_built_order_customer", built.c.shop, built.c.generation, built.c.customer)
    Index(
        "ix_built_order_moved",
        *(built.c.shop, built.c.generation, built.c.order_id),
        postgresql_where=text("moved"),
    )
    spell = Table(
        "built_spell",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("net", BigInteger, nullable=False),
        Column("since", Integer, nullable=False),
        Column("until", Integer, nullable=False),
        Column("start", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("generation", SmallInteger, nullable=False),
        Column("currency", Text, nullable=False),
        Column("order_id", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "generation", "order_id", "since", name="pk_built_spell"),
        info={"api": ""},
    )
    Index("ix_built_spell_customer", spell.c.shop, spell.c.generation, spell.c.customer)
