"""Tables of the audience: profiles by identity, and what they are worked out of."""

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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from shared.pointers import tables as pointers

_ID = Text(collation="C")  # compared by bytes: faster, and the order in which Python sorts
_NONE = text("0")
_ATTRIBUTES = "what surveys found out: by attribute the last word"
_NEVER = text("-1")


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    pointers.add_tables(metadata)
    _profiles(metadata)
    purchase = Table(
        "purchase",
        metadata,
        Column("customer", BigInteger, comment="whom it counts for; null: it counts for nothing, or for nobody"),
        Column("net", BigInteger, comment="minor units, less refunds; null as above"),
        Column("at", DateTime(timezone=True), comment="first completion; null as above"),
        Column("shop", SmallInteger, nullable=False),
        Column("currency", Text, nullable=False, server_default=text("''")),
        Column("order_id", _ID, nullable=False),
        Column("products", ARRAY(Text), comment="ids and SKUs of what was kept; null: as above, or not known"),
        Column("categories", ARRAY(Text), comment="likewise"),
        Column("known", LargeBinary, nullable=False, comment="JSON: all that stands of what was said of the order"),
        PrimaryKeyConstraint("shop", "order_id", name="pk_purchase"),
    )
    Index("ix_purchase_customer", purchase.c.shop, purchase.c.customer, purchase.c.at)
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


def _profiles(metadata: MetaData) -> None:
    profile = Table(
        "profile",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="an identity, as events name it"),
        Column("sequence", BigInteger, nullable=False, server_default=_NEVER, comment="of the last word on contacts"),
        Column("first_order_at", DateTime(timezone=True)),
        Column("last_order_at", DateTime(timezone=True)),
        Column("points", BigInteger, nullable=False, server_default=_NONE),
        Column("pending", BigInteger, nullable=False, server_default=_NONE),
        Column("owed", BigInteger, nullable=False, server_default=_NONE),
        Column("points_sequence", BigInteger, nullable=False, server_default=_NEVER),
        Column("tier_sequence", BigInteger, nullable=False, server_default=_NEVER),
        Column("member_sequence", BigInteger, nullable=False, server_default=_NEVER),
        Column("answered_at", DateTime(timezone=True), comment="of the last answer to a survey"),
        Column("nps_at", DateTime(timezone=True), comment="of the last one with an NPS score"),
        Column("orders", Integer, nullable=False, server_default=_NONE, comment="that count"),
        Column("shop", SmallInteger, nullable=False),
        Column("answer_score", SmallInteger),
        Column("nps_score", SmallInteger),
        Column("birthday_gregorian", SmallInteger, comment="month * 100 + day; null: not known in this calendar"),
        Column("birthday_jalali", SmallInteger, comment="likewise"),
        Column("erased", Boolean, nullable=False, server_default=text("false"), comment="nothing personal comes back"),
        Column("stage", Text),
        Column("tier", Text),
        Column("tier_name", Text),
        Column("member", Text),
        Column("name", Text),
        Column("email", Text),
        Column("phone", Text),
        Column("locale", Text),
        Column("shop_customer_id", Text),
        Column("birthday", Text, comment="as shared.kernel.Birthday.text"),
        Column("answer", _ID, comment="id of the last answer: of two at one instant the greater"),
        Column("answer_survey", Text),
        Column("answer_kind", Text),
        Column("nps_answer", _ID),
        Column("nps_survey", Text),
        Column("attributes", JSONB, nullable=False, server_default=text("'{}'"), comment=_ATTRIBUTES),
        Column("money", JSONB, nullable=False, server_default=text("'{}'"), comment="net revenue by currency"),
        Column("counts", JSONB, nullable=False, server_default=text("'{}'"), comment="counted orders by currency"),
        PrimaryKeyConstraint("shop", "customer", name="pk_profile"),
    )
    for name in ("birthday_gregorian", "birthday_jalali"):
        known = text(f"{name} IS NOT NULL")
        Index(f"ix_profile_{name}", profile.c.shop, profile.c[name], profile.c.customer, postgresql_where=known)
