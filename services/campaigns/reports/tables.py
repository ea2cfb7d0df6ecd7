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
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
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
        Column(
            "reference", _ID, nullable=False, comment="of the message, by its provider; of a stop: mark of the number"
        ),
        Column("code", Text, nullable=False),
        PrimaryKeyConstraint("number", name="pk_report"),
        info={"api": "INSERT", "api_reason": "providers name no shop; what they tell is read by the worker alone"},
    )
    Index("ix_report_due", report.c.due)
    receipt = Table(
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
        Column("went_to", LargeBinary, comment="of what arrived or bounced: mark of the address; erasures empty it"),
        PrimaryKeyConstraint("shop", "message", "what", "machine", "link", name="pk_receipt"),
    )
    place = (receipt.c.shop, receipt.c.went_to)
    Index("ix_receipt_bounced", *place, postgresql_where=text("what = 2 AND went_to IS NOT NULL"))
    Index("ix_receipt_delivered", *place, receipt.c.at, postgresql_where=text("what = 1 AND went_to IS NOT NULL"))
