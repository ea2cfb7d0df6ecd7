"""Tasks of staff."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

_ID = Text(collation="C")
_EMPTY = text("''")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's table in the service's MetaData."""
    task = Table(
        "task",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="the identity that it is about"),
        Column("due", DateTime(timezone=True), nullable=False),
        Column("opened_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment="as tasks.domain.State"),
        Column("test", Boolean, nullable=False, server_default=text("false"), comment="of a template; nothing is told"),
        Column("id", _ID, nullable=False, comment="of the message that it was planned as"),
        Column("campaign", Text, nullable=False),
        Column("step", Text, nullable=False),
        Column("occasion", Text, nullable=False),
        Column("locale", Text, nullable=False),
        Column("via", Text, nullable=False, comment="phone, post or empty"),
        Column("owner", _ID, nullable=False, comment="empty: nobody"),
        Column("title", Text, nullable=False, comment="emptied by an erasure, as the note and what staff wrote"),
        Column("note", Text, nullable=False),
        Column("outcome", Text, nullable=False, server_default=_EMPTY),
        Column("free_text", Text, nullable=False, server_default=_EMPTY, comment="what staff wrote"),
        PrimaryKeyConstraint("shop", "id", name="pk_task"),
        info={"api": "SELECT", "api_changes": ("changed_at", "state", "owner", "outcome", "free_text")},
    )
    Index("ix_task_due", task.c.shop, task.c.state, task.c.due, task.c.id)
    Index("ix_task_customer", task.c.shop, task.c.customer)
