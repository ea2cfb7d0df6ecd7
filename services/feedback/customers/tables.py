"""Tables of customers: pointers between identities, what is known of each, their changes of stage."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from shared.pointers import tables as pointers


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    pointers.add_tables(metadata)
    Table(
        "respondent",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="an identity, as events name it"),
        Column("sequence", BigInteger, nullable=False, server_default=text("-1"), comment="of the last word on it"),
        Column("tier_sequence", BigInteger, nullable=False, server_default=text("-1")),
        Column("first_order_at", DateTime(timezone=True), comment="of orders that were told live"),
        Column("place", Integer, nullable=False, server_default=text("0"), comment="partition of its events"),
        Column("shop", SmallInteger, nullable=False),
        Column("erased", Boolean, nullable=False, server_default=text("false"), comment="nothing personal comes back"),
        Column("locale", Text),
        Column("stage", Text),
        Column("tier", Text),
        PrimaryKeyConstraint("shop", "customer", name="pk_respondent"),
        info={"api": "SELECT, INSERT", "api_changes": ("place",)},  # what locking takes
    )
    Table(
        "stage_change",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("number", Integer, nullable=False, comment="counts the customer's changes"),
        Column("day", Integer, nullable=False, comment="of the shop, on which it took effect"),
        Column("shop", SmallInteger, nullable=False),
        Column("retracted", Boolean, nullable=False),
        Column("stage", Text, nullable=False),
        PrimaryKeyConstraint("shop", "customer", "number", name="pk_stage_change"),
    )
