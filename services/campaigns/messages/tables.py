"""Messages: one row for each, from when it is planned."""

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

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    message = Table(
        "message",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that it was planned for"),
        Column("planned_at", DateTime(timezone=True), nullable=False),
        Column("due", DateTime(timezone=True), nullable=False, comment="not before"),
        Column("expires_at", DateTime(timezone=True), nullable=False, comment="not from then on"),
        Column("claimed_at", DateTime(timezone=True)),
        Column("ended_at", DateTime(timezone=True)),
        Column("attempt", Integer, nullable=False, server_default=text("0")),
        Column("template_version", Integer, comment="as it was claimed with"),
        Column("journey_version", Integer, comment="that the run keeps"),
        Column("segments", Integer, comment="of a text message: how many are paid for"),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="as messages.domain.State"),
        Column("test", Boolean, nullable=False, server_default=text("false"), comment="counts nowhere"),
        Column("test_to", Text, comment="whom of the staff a test goes to; null once it has ended"),
        Column("reference", _ID, comment="by which the provider names it"),
        Column("id", _ID, nullable=False, comment="of campaign, step, occasion, customer and channel"),
        Column("channel", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("campaign", Text, nullable=False),
        Column("step", Text, nullable=False),
        Column("occasion", Text, nullable=False),
        Column("template", Text, nullable=False),
        Column("locale", Text, nullable=False, server_default=text("''")),
        Column("reason", Text, nullable=False, server_default=text("''")),
        Column("went_to", LargeBinary, comment="keyed mark of the address; emptied by an erasure"),
        Column("run", _ID, comment="of a journey, that it belongs to"),
        Column("variant", Text, comment="of the run's last random split"),
        Column("fields", LargeBinary, nullable=False, comment="JSON: fields of the template; emptied by an erasure"),
        PrimaryKeyConstraint("shop", "id", name="pk_message"),
        info={"api": "SELECT, INSERT"},
    )
    Index("ix_message_due", message.c.due, postgresql_where=text("state = 0"))
    Index("ix_message_claimed", message.c.claimed_at, postgresql_where=text("state = 1"))
    Index("ix_message_reference", message.c.reference, postgresql_where=text("reference IS NOT NULL"))
    Index("ix_message_campaign", message.c.shop, message.c.campaign, message.c.ended_at)
    Index("ix_message_customer", message.c.shop, message.c.customer, message.c.planned_at)
    Index("ix_message_run", message.c.shop, message.c.run, postgresql_where=text("state = 0 AND run IS NOT NULL"))
    Index("ix_message_texted", message.c.went_to, postgresql_where=text("channel = 'sms' AND went_to IS NOT NULL"))
    Index(
        "ix_message_paused",
        message.c.shop,
        message.c.campaign,
        postgresql_where=text("state = 0 AND reason = 'paused'"),
    )
