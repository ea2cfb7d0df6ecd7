"""Tables of rewards: the catalogue with what is left of each, its versions, codes, who asked for what, corrections."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

_ID = Text(collation="C")
_ZERO = text("0")
_ADDED = {"api": "SELECT, INSERT"}
_STATES = "1 held 2 granted 3 used 4 released 5 lapsed 6 expired 7 revoked"
_CHANGES = (
    *("state", "granted_at", "ends_at", "used_at", "order_id", "noticed", "revoked_at", "revoked_why"),
    "due_day",
)


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    _catalogue(metadata)
    _codes(metadata)
    _redemptions(metadata)


def _catalogue(metadata: MetaData) -> None:
    Table(
        "reward",
        metadata,
        Column("taken", BigInteger, nullable=False, server_default=_ZERO, comment="held, granted and used"),
        Column("committed", BigInteger, nullable=False, server_default=_ZERO, comment="what these are worth"),
        Column("stock", BigInteger, comment="of the version in force; null: no limit"),
        Column("budget", BigInteger, comment="likewise, minor units"),
        Column("shop", SmallInteger, nullable=False),
        Column("version", Integer, nullable=False, comment="the one in force"),
        Column("reward", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "reward", name="pk_reward"),
        CheckConstraint("taken >= 0 AND (stock IS NULL OR taken <= stock)", name="ck_reward_stock"),
        CheckConstraint("committed >= 0 AND (budget IS NULL OR committed <= budget)", name="ck_reward_budget"),
        info=_ADDED | {"api_changes": ("version", "taken", "committed", "stock", "budget")},
        postgresql_with={"fillfactor": 50},
    )
    Table(
        "reward_version",
        metadata,
        Column("published_at", DateTime(timezone=True), nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("version", Integer, nullable=False, comment="from 1, as they were published"),
        Column("reward", _ID, nullable=False),
        Column("author", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("body", JSONB, nullable=False),
        PrimaryKeyConstraint("shop", "reward", "version", name="pk_reward_version"),
        info=_ADDED,
    )
    Table(
        "reward_use",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="an identity; of a person all count"),
        Column("used", Integer, nullable=False, server_default=_ZERO),
        Column("shop", SmallInteger, nullable=False),
        Column("reward", _ID, nullable=False),
        Column("period", _ID, nullable=False, comment="a day, a month; empty: ever"),
        PrimaryKeyConstraint("shop", "customer", "reward", "period", name="pk_reward_use"),
        CheckConstraint("used >= 0", name="ck_reward_use_used"),
        info=_ADDED | {"api_changes": ("used",)},
    )


def _codes(metadata: MetaData) -> None:
    code = Table(
        "reward_code",
        metadata,
        Column("shop", SmallInteger, nullable=False),
        Column("reward", _ID, nullable=False),
        Column("code", _ID, nullable=False),
        Column("redemption", _ID, comment="who has it; null: nobody yet"),
        PrimaryKeyConstraint("shop", "code", name="pk_reward_code"),
        info=_ADDED | {"api_changes": ("redemption",)},
    )
    free = code.c.redemption.is_(None)
    Index("ix_reward_code_free", code.c.shop, code.c.reward, code.c.code, postgresql_where=free)
    Index("ix_reward_code_redemption", code.c.shop, code.c.redemption, unique=True, postgresql_where=~free)


def _redemptions(metadata: MetaData) -> None:
    redemption = Table(
        "redemption",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="an identity"),
        Column("worth", BigInteger, nullable=False, comment="minor units, as it was when asked for"),
        Column("asked_at", DateTime(timezone=True), nullable=False),
        Column("until", DateTime(timezone=True), nullable=False, comment="of the hold"),
        Column("granted_at", DateTime(timezone=True)),
        Column("ends_at", DateTime(timezone=True), comment="null: it does not expire"),
        Column("used_at", DateTime(timezone=True)),
        Column("revoked_at", DateTime(timezone=True)),
        Column("points", Integer, nullable=False),
        Column("version", Integer, nullable=False, comment="of the reward"),
        Column("due_day", Integer, comment="of the shop, that has word of its end, or its end; null: none"),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False, comment=_STATES),
        Column("noticed", SmallInteger, nullable=False, comment="shortest lead at which its expiry was announced"),
        Column("id", _ID, nullable=False, comment="and the ledger's name of the hold"),
        Column("reward", _ID, nullable=False),
        Column("currency", Text, nullable=False),
        Column("period", _ID, nullable=False, comment="in which it counts against the customer's limit"),
        Column("order_id", _ID),
        Column("revoked_why", Text, comment="order: with its order; else the word that staff gave"),
        Column("actor", Text, nullable=False),
        PrimaryKeyConstraint("shop", "id", name="pk_redemption"),
        CheckConstraint("points BETWEEN 0 AND 1000000000 AND worth >= 0", name="ck_redemption_amounts"),
        info=_ADDED | {"api_changes": _CHANGES},
    )
    by_order = redemption.c.order_id.is_not(None)
    Index("ix_redemption_order", redemption.c.shop, redemption.c.order_id, postgresql_where=by_order)
    ends = redemption.c.due_day.is_not(None)
    Index("ix_redemption_due", redemption.c.shop, redemption.c.due_day, postgresql_where=ends)
    Index("ix_redemption_customer", redemption.c.shop, redemption.c.customer, redemption.c.asked_at)
