"""Which customers there are, and whom identities are counted as."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, PrimaryKeyConstraint, SmallInteger, Table

from shared.pointers import tables


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    tables.add_tables(metadata)
    # So that an id that is somebody else's, or nobody's, joins no programme.
    Table(
        "known_customer",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        PrimaryKeyConstraint("shop", "customer", name="pk_known_customer"),
    )
