"""What comes in, until it is understood; and what came of messages, each thing once."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    report = Table(
        "report",
        metadata,
        Column("number", BigInteger, Identity(), nullable=False),
        Column("due", DateTime(timezone=True), nullable=False),
        Column("received_at", DateTime(timezone=True), nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("link", Integer, nullable=False),
        Column("what", SmallInteger, nullable=False, comment="as reports.domain.What"),
        Column("hard", Boolean, nullable=False),
        Column("machine", Boolean, nullable=False, comment="by the request alone"),
        Column("channel", Text, nullable=False),
        Column("reference", _ID, nullable=False, comment="by which the provider names the message"),
        Column("code", Text, nullable=False),
        PrimaryKeyConstraint("number", name="pk_report"),
        info={"api": "INSERT", "api_reason": "providers name no shop; what they tell is read by the worker alone"},
    )
    Index("ix_report_due", report.c.due)
    Table(
        "receipt",
        metadata,
        Column("at", DateTime(timezone=True), nullable=False, comment="the first time"),
        Column("link", Integer, nullable=False, comment="of a click: its place in the letter; else -1"),
        Column("shop", SmallInteger, nullable=False),
        Column("what", SmallInteger, nullable=False, comment="as reports.domain.What"),
        Column("machine", Boolean, nullable=False, comment="a scanner's; counts as nobody's"),
        Column("hard", Boolean, nullable=False),
        Column("message", _ID, nullable=False),
        Column("code", Text, nullable=False),
        PrimaryKeyConstraint("shop", "message", "what", "machine", "link", name="pk_receipt"),
    )
