"""Which connections are pulled, how far, and hints of webhooks that something is there."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)


def add_pull_tables(metadata: MetaData) -> None:
    """Describe the slice's tables in a MetaData that has a schema and the connections."""
    connection = [f"{metadata.schema}.connection.shop", f"{metadata.schema}.connection.address"]
    Table(
        "pull",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("address", Text(collation="C"), nullable=False),
        Column("sealed", LargeBinary, nullable=False),  # base and token, encrypted as secrets of connections are
        Column("reached", DateTime(timezone=True)),
        Column("due_at", DateTime(timezone=True), nullable=False),
        Column("claimed_until", DateTime(timezone=True)),
        Column("pulled_at", DateTime(timezone=True)),
        Column("failures", Integer, nullable=False, server_default=text("0")),
        Column("trouble", Text, nullable=False, server_default=text("''")),
        Column("succeeded_at", DateTime(timezone=True)),  # when one last ended without trouble
        PrimaryKeyConstraint("shop", "address", name="pk_pull"),
        ForeignKeyConstraint(["shop", "address"], connection, name="fk_pull_connection", ondelete="CASCADE"),
        info={"api": ""},
    )
    Table(
        "pull_hint",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("address", Text(collation="C"), nullable=False),
        Column("hinted_at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("shop", "address", name="pk_pull_hint"),
        ForeignKeyConstraint(["shop", "address"], connection, name="fk_pull_hint_connection", ondelete="CASCADE"),
        info={"api": "SELECT, INSERT, UPDATE"},
    )
