"""The table of answers. What was written in one's own words stands apart, so that an erasure can empty it."""

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
from sqlalchemy.dialects.postgresql import JSONB

_ID = Text(collation="C")
_INSTANT = DateTime(timezone=True)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    answer = Table(
        "answer",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that answered"),
        Column("at", _INSTANT, nullable=False, comment="when it began to count, or was first kept"),
        Column("version", Integer, nullable=False),
        Column("score", SmallInteger, comment="on the scale of the kind"),
        Column("shop", SmallInteger, nullable=False),
        Column("counts", Boolean, nullable=False, comment="it was sent off, or its link expired"),
        Column("complete", Boolean, nullable=False, comment="all that is needed was answered"),
        Column("id", _ID, nullable=False),
        Column("survey", _ID, nullable=False),
        Column("kind", _ID, nullable=False),
        Column("invitation", _ID, comment="null: handed in without one"),
        Column("by", Text, nullable=False),
        Column("stage", _ID, nullable=False, server_default=text("''"), comment="the customer's, at that time"),
        Column("tier", _ID, nullable=False, server_default=text("''"), comment="likewise"),
        Column("given", JSONB, nullable=False, comment="numbers and choices, by question"),
        Column("texts", JSONB, nullable=False, comment="own words, by question; emptied by an erasure"),
        PrimaryKeyConstraint("shop", "id", name="pk_answer"),
        info={
            "api": "SELECT, INSERT, DELETE",  # a survey that is dismissed drops what was begun
            "api_changes": ("at", "score", "counts", "complete", "stage", "tier", "given", "texts"),
        },
    )
    Index("ix_answer_customer", answer.c.shop, answer.c.customer)
    Index("ix_answer_at", answer.c.shop, answer.c.kind, answer.c.at, postgresql_where=text("score IS NOT NULL"))
