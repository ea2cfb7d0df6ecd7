"""Tables of surveys: their versions, orders that may ask for one, invitations, and who has been gone through."""

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
_INSTANT = DateTime(timezone=True)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    Table(
        "survey_version",
        metadata,
        Column("published_at", _INSTANT, nullable=False),
        Column("version", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("survey", _ID, nullable=False),
        Column("author", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "survey", "version", name="pk_survey_version"),
        info={"api": "SELECT, INSERT", "worker": "SELECT"},
    )
    Table(
        "survey_round",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the last one who was gone through"),
        Column("shop", SmallInteger, nullable=False),
        Column("survey", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "survey", name="pk_survey_round"),
        info={"api": "SELECT, INSERT", "api_changes": ("customer",)},
    )
    Table(
        "ordered",
        metadata,
        Column("customer", BigInteger, comment="who got it, as a delivery named them"),
        Column("completed_at", _INSTANT, comment="first completion that was told live"),
        Column("delivered_at", _INSTANT, comment="first delivery that was told live"),
        Column("shop", SmallInteger, nullable=False),
        Column("order_id", _ID, nullable=False),
        Column("known", LargeBinary, nullable=False, comment="JSON: all that stands of what was said of the order"),
        PrimaryKeyConstraint("shop", "order_id", name="pk_ordered"),
    )
    _invitation(metadata)


def _invitation(metadata: MetaData) -> None:
    invitation = Table(
        "invitation",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that it is for"),
        Column("due", _INSTANT, nullable=False),
        Column("until", _INSTANT, nullable=False, comment="given up from then on"),
        Column("asked_at", _INSTANT),
        Column("sent_at", _INSTANT),
        Column("opened_at", _INSTANT, comment="the page was fetched for the first time"),
        Column("ended_at", _INSTANT),
        Column("expires_at", _INSTANT, comment="of the link"),
        Column("version", Integer, comment="of the survey, as it was asked"),
        Column("place", Integer, nullable=False, comment="partition of its timers"),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="as surveys.domain.State"),
        Column("history", Boolean, nullable=False, server_default=text("false"), comment="asked by replayed history"),
        Column("id", _ID, nullable=False, comment="of survey, occasion and customer"),
        Column("survey", _ID, nullable=False),
        Column("occasion", _ID, nullable=False),
        Column("reason", Text, nullable=False, server_default=text("''")),
        Column("hash", LargeBinary, comment="SHA-256 of the link's token"),
        PrimaryKeyConstraint("shop", "id", name="pk_invitation"),
        info={
            "api": "SELECT, INSERT",
            "api_changes": ("state", "opened_at", "ended_at", "due", "until"),
        },
    )
    Index("ix_invitation_customer", invitation.c.shop, invitation.c.customer, invitation.c.survey)
    Index("ix_invitation_occasion", invitation.c.shop, invitation.c.occasion)
    Index("ix_invitation_hash", invitation.c.shop, invitation.c.hash, postgresql_where=text("hash IS NOT NULL"))
