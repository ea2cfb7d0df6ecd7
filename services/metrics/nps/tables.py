"""The table of answers that count for NPS: numbers and ids, nothing that somebody wrote."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Index, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text

_ID = Text(collation="C")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    answer = Table(
        "nps_answer",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="for whom it counts"),
        Column("identity", BigInteger, nullable=False, comment="whom the event named"),
        Column("answered_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("score", SmallInteger, nullable=False, comment="0 to 10"),
        Column("answer", _ID, nullable=False, comment="feedback's id of it"),
        PrimaryKeyConstraint("shop", "answer", name="pk_nps_answer"),
    )
    # Both hold all that a score is counted from, so that no row is looked at: one in the order in which a customer's
    # answers follow one another, one for windows that are short beside the shop's history.
    Index(
        "ix_nps_answer_customer",
        answer.c.shop,
        answer.c.customer,
        answer.c.answered_at,
        answer.c.answer,
        postgresql_include=["score"],
    )
    Index(
        "ix_nps_answer_at",
        answer.c.shop,
        answer.c.answered_at,
        postgresql_include=["customer", "answer", "score"],
    )
