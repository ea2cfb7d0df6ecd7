"""Tables of cases, and of what was done about each. What people wrote is emptied by an erasure."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
_INSTANT = DateTime(timezone=True)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    case = Table(
        "care_case",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("opened_at", _INSTANT, nullable=False),
        Column("due_at", _INSTANT, nullable=False),
        Column("solved_at", _INSTANT),
        Column("escalations", Integer, nullable=False, server_default=text("0")),
        Column("reopened", Integer, nullable=False, server_default=text("0")),
        Column("contacts", Integer, nullable=False, server_default=text("0")),
        Column("score", SmallInteger),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="as cases.domain.State"),
        Column("id", _ID, nullable=False),
        Column("cause", Text, nullable=False),
        Column("survey", Text),
        Column("answer", Text, comment="that opened it"),
        Column("owner", _ID, nullable=False, server_default=text("''"), comment="a staff member; empty: nobody yet"),
        Column("outcome", Text, nullable=False, server_default=text("''")),
        Column("about", Text, nullable=False, server_default=text("''"), comment="in words; emptied by an erasure"),
        PrimaryKeyConstraint("shop", "id", name="pk_care_case"),
        info={
            "api": "SELECT, INSERT",
            "api_changes": (
                *("due_at", "solved_at", "escalations", "reopened", "contacts", "state", "owner", "outcome"),
            ),
        },
    )
    Index("ix_care_case_due_at", case.c.shop, case.c.state, case.c.due_at, case.c.id)
    Index("ix_care_case_customer", case.c.shop, case.c.customer)
    Table(
        "care_contact",
        metadata,
        Column("at", _INSTANT, nullable=False),
        Column("points", Integer, comment="that were given"),
        Column("shop", SmallInteger, nullable=False),
        Column("case_id", _ID, nullable=False),
        Column("ref", _ID, nullable=False, comment="the caller's own id of it, which makes it one"),
        Column("channel", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("text", Text, nullable=False, comment="what was said; emptied by an erasure"),
        PrimaryKeyConstraint("shop", "case_id", "ref", name="pk_care_contact"),
        info={"api": "SELECT, INSERT"},
    )
