"""Journeys as versioned data, their runs, and what came before what would have entered one."""

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
from sqlalchemy.dialects.postgresql import JSONB

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    _journeys(metadata)
    run = Table(
        "journey_run",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that it was entered for"),
        Column("due", DateTime(timezone=True), comment="until when it waits in its step; null: it is to do the step"),
        Column("since", DateTime(timezone=True), nullable=False, comment="when occurred what it was entered by"),
        Column("entered_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False),
        Column("partition", Integer, nullable=False, comment="whose owner fires its timers"),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="as journeys.domain.run.State"),
        Column("control", Boolean, nullable=False, comment="held out"),
        Column("met", Boolean, nullable=False, comment="what it waits for has come"),
        Column("parked", Boolean, nullable=False, server_default=text("false"), comment="waits for its journey"),
        Column("id", _ID, nullable=False),
        Column("journey", _ID, nullable=False),
        Column("key", _ID, nullable=False, comment="what it is for; empty: the customer"),
        Column("step", _ID, nullable=False, comment="at which it stands; empty: at its end"),
        Column("variant", Text, nullable=False),
        Column("cause", Text, nullable=False),
        Column("trigger", Text, nullable=False),
        Column("context", LargeBinary, nullable=False, comment="JSON: what it was entered with; erasures empty it"),
        PrimaryKeyConstraint("shop", "id", name="pk_journey_run"),
        info={"api": "SELECT"},
    )
    Index("ix_journey_run_customer", run.c.shop, run.c.customer, run.c.journey)
    Index("ix_journey_run_running", run.c.shop, run.c.journey, run.c.id, postgresql_where=text("state = 0"))
    Index("ix_journey_run_listed", run.c.shop, run.c.journey, run.c.entered_at, run.c.id)
    mark = Table(
        "journey_mark",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False, comment="of the last event that would end such a run"),
        Column("shop", SmallInteger, nullable=False),
        Column("journey", _ID, nullable=False),
        Column("value", _ID, nullable=False, comment="what the event was for; empty: for the customer"),
        Column("cause", Text, nullable=False),
        PrimaryKeyConstraint("shop", "customer", "journey", "value", name="pk_journey_mark"),
    )
    Index("ix_journey_mark_at", mark.c.at)


def _journeys(metadata: MetaData) -> None:
    Table(
        "journey",
        metadata,
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False, comment="that new runs enter; 0: never published"),
        Column("edition", Integer, nullable=False, comment="of the draft"),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="as journeys.store.definitions.Stand"),
        Column("id", _ID, nullable=False),
        Column("author", Text, nullable=False),
        Column("draft", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_journey"),
        info={"api": "SELECT, INSERT, UPDATE"},
    )
    Table(
        "journey_version",
        metadata,
        Column("published_at", DateTime(timezone=True), nullable=False),
        Column("version", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("journey", _ID, nullable=False),
        Column("author", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "journey", "version", name="pk_journey_version"),
        info={"api": "SELECT, INSERT", "worker": "SELECT"},
    )
