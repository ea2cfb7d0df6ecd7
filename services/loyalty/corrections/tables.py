"""Corrections, and beside them what people wrote, which an erasure empties."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

_ID = Text(collation="C")
_ADDED = {"api": "SELECT, INSERT"}


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    correction = Table(
        "correction",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity whose account it is"),
        Column("asked_at", DateTime(timezone=True), nullable=False),
        Column("decided_at", DateTime(timezone=True), comment="null: it waits"),
        Column("lot", BigInteger, comment="of the account, that had expired and is reinstated; null: points by hand"),
        Column("points", Integer, nullable=False, comment="below 0: taken away"),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="1 waiting 2 posted 3 refused"),
        Column("takes_two", Boolean, nullable=False, comment="above the programme's limit when it was asked for"),
        Column("id", _ID, nullable=False, comment="and the ledger's name of it"),
        Column("reason", Text, nullable=False, comment="a word"),
        Column("asked_by", Text, nullable=False),
        Column("decided_by", Text, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_correction"),
        CheckConstraint("abs(points) BETWEEN 1 AND 1000000000", name="ck_correction_points"),
        CheckConstraint(
            "NOT takes_two OR state = 1 OR (decided_by <> asked_by AND decided_by LIKE 'staff:%')",
            name="ck_correction_two_people",
        ),
        info=_ADDED | {"api_changes": ("state", "decided_at", "decided_by")},
    )
    Index("ix_correction_customer", correction.c.shop, correction.c.customer)
    Index("ix_correction_state", correction.c.shop, correction.c.state, correction.c.asked_at, correction.c.id)
    Table(
        "correction_text",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("id", _ID, nullable=False),
        Column("text", Text, nullable=False, comment="of who asked for it"),
        Column("answer", Text, nullable=False, comment="of who decided"),
        PrimaryKeyConstraint("shop", "id", name="pk_correction_text"),
        info=_ADDED | {"api_changes": ("answer",)},
    )
