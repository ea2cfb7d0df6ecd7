"""The table of endpoints."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, LargeBinary, MetaData, PrimaryKeyConstraint, SmallInteger, Table, Text


def add_endpoint(metadata: MetaData, name: str) -> None:
    """Describe a table of endpoints, one a shop, in a service's MetaData."""
    Table(
        name,
        metadata,
        Column("set_at", DateTime(timezone=True), nullable=False),
        Column("rotated_at", DateTime(timezone=True)),
        Column("previous_until", DateTime(timezone=True), comment="until then it is signed with both secrets"),
        Column("gone_at", DateTime(timezone=True), comment="it answered that it wants no more; nothing is sent"),
        Column("shop", SmallInteger, nullable=False),
        Column("url", Text, nullable=False),
        Column("secret", LargeBinary, nullable=False, comment="encrypted, bound to the shop"),
        Column("previous_secret", LargeBinary, comment="likewise"),
        PrimaryKeyConstraint("shop", name=f"pk_{name}"),
        info={"api": "SELECT, INSERT, UPDATE, DELETE"},
    )
