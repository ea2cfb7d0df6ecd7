"""Tables of points: accounts, lots, entries, holds, sums of the shop's own buckets, signed roots.

Points are whole numbers. One entry and one lot have at most 10^9, which fits `integer`; balances and sums are `bigint`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
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

_ID = Text(collation="C")
_ZERO = text("0")
_NEVER = text("2147483647")
LOT_SUM = "earned = pending + remaining + held + spent + repaid + expired + reversed + adjusted"

_BALANCES = ("pending", "active", "held", "owed")
_AMOUNTS = ("earned", "pending", "remaining", "held", "spent", "repaid", "expired", "reversed", "adjusted")
_TAKEN = ("owed", "forgiven")


def by_apis(*changes: str) -> dict[str, Any]:
    """Who redeems, and staff who correct, do so over HTTP: APIs add rows, and change these columns of them."""
    return {"api": "SELECT, INSERT", "api_changes": changes}


def add_tables(metadata: MetaData) -> None:
    """Describe this slice's tables in the service's MetaData."""
    _accounts(metadata)
    _lots(metadata)
    _holds(metadata)
    _sums(metadata)


def _accounts(metadata: MetaData) -> None:
    Table(
        "account",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="an identity; a person may have several"),
        Column("pending", BigInteger, nullable=False, server_default=_ZERO),
        Column("active", BigInteger, nullable=False, server_default=_ZERO),
        Column("held", BigInteger, nullable=False, server_default=_ZERO),
        Column("owed", BigInteger, nullable=False, server_default=_ZERO, comment="a debt"),
        Column("told", BigInteger, nullable=False, server_default=_ZERO, comment="events of postings"),
        Column("version", Integer, nullable=False, server_default=_ZERO, comment="how many entries there are"),
        Column("armed", Integer, nullable=False, server_default=_NEVER, comment="day of the timer, or an earlier one"),
        Column("shop", SmallInteger, nullable=False),
        Column("head", LargeBinary, nullable=False, comment="hash of the last entry"),
        PrimaryKeyConstraint("shop", "customer", name="pk_account"),
        CheckConstraint("pending >= 0 AND active >= 0 AND held >= 0 AND owed >= 0", name="ck_account_balances"),
        info=by_apis(*_BALANCES, "told", "version", "armed", "head"),
        postgresql_with={"fillfactor": 70},
    )
    Table(
        "entry",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("booked_at", DateTime(timezone=True), nullable=False),
        Column("lot", BigInteger, nullable=False),
        Column("n", Integer, nullable=False, comment="numbers the account's entries from 1 on"),
        Column("transaction", Integer, nullable=False, comment="number of its first entry"),
        Column("day", Integer, nullable=False, comment="the shop's day that its clock had come to"),
        Column("points", Integer, nullable=False),
        Column("expires_day", Integer, nullable=False, comment="of the lot, once this was posted"),
        Column("shop", SmallInteger, nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("debit", SmallInteger, nullable=False, comment="the bucket that points leave"),
        Column("credit", SmallInteger, nullable=False, comment="the bucket that they arrive in"),
        Column("cause", _ID, nullable=False, comment="id of the event that had it done"),
        Column("source", _ID, nullable=False, comment="the hold or correction, where it is one"),
        Column("reason", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("hash", LargeBinary, nullable=False, comment="covers this entry and the one before"),
        PrimaryKeyConstraint("shop", "customer", "n", name="pk_entry"),
        CheckConstraint("points BETWEEN 1 AND 1000000000", name="ck_entry_points"),
        info={"worker": "SELECT, INSERT", "api": "SELECT, INSERT"},
    )


def _lots(metadata: MetaData) -> None:
    Table(
        "lot",
        metadata,
        Column("customer", BigInteger, nullable=False),
        Column("lot", BigInteger, nullable=False, comment="a hash of what it was earned for: earned once for it"),
        Column("at", DateTime(timezone=True), nullable=False),
        *(Column(name, Integer, nullable=False, server_default=_ZERO) for name in (*_AMOUNTS, *_TAKEN)),
        Column("starts_day", Integer, nullable=False, comment="pending until it begins; 2147483647: until told"),
        Column("expires_day", Integer, nullable=False, comment="spent on days before; 2147483647: never expires"),
        Column("version", Integer, nullable=False, comment="of the programme"),
        Column("shop", SmallInteger, nullable=False),
        Column("noticed", SmallInteger, nullable=False, comment="shortest lead at which its expiry was announced"),
        Column("source_kind", SmallInteger, nullable=False),
        Column("source", _ID, nullable=False),
        Column("line", _ID, nullable=False),
        Column("rule", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "customer", "lot", name="pk_lot"),
        CheckConstraint(LOT_SUM, name="ck_lot_sum"),
        CheckConstraint("reversed + owed + forgiven <= earned", name="ck_lot_taken"),
        CheckConstraint(f"least({', '.join((*_AMOUNTS, *_TAKEN))}) >= 0", name="ck_lot_amounts"),
        info=by_apis(*_AMOUNTS, *_TAKEN, "starts_day", "expires_day", "noticed"),
        postgresql_with={"fillfactor": 90},
    )


def _holds(metadata: MetaData) -> None:
    hold = Table(
        "hold",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="who asked"),
        Column("until", DateTime(timezone=True), comment="null: spent at once"),
        Column("points", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("state", SmallInteger, nullable=False),
        Column("hold", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "hold", name="pk_hold"),
        CheckConstraint("points BETWEEN 1 AND 1000000000", name="ck_hold_points"),
        info=by_apis("state"),
    )
    Index("ix_hold_customer", hold.c.shop, hold.c.customer)
    share = Table(
        "hold_lot",
        metadata,
        Column("customer", BigInteger, nullable=False, comment="whose lot it is: another identity of the person, too"),
        Column("lot", BigInteger, nullable=False),
        Column("points", Integer, nullable=False),
        Column("restored", Integer, nullable=False),
        Column("place", SmallInteger, nullable=False, comment="in which order they were taken"),
        Column("shop", SmallInteger, nullable=False),
        Column("hold", _ID, nullable=False),
        PrimaryKeyConstraint("shop", "hold", "customer", "lot", name="pk_hold_lot"),
        CheckConstraint("points > 0 AND restored BETWEEN 0 AND points", name="ck_hold_lot_points"),
        info=by_apis("points", "restored"),
    )
    Index("ix_hold_lot_customer", share.c.shop, share.c.customer)


def _sums(metadata: MetaData) -> None:
    Table(
        "contra",
        metadata,
        Column("points", BigInteger, nullable=False),
        Column("day", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("shard", SmallInteger, nullable=False, comment="of the writer; added when read"),
        Column("bucket", SmallInteger, nullable=False),
        PrimaryKeyConstraint("shop", "bucket", "day", "shard", name="pk_contra"),
        info=by_apis("points"),
        postgresql_with={"fillfactor": 50},
    )
    Table(
        "ledger_root",
        metadata,
        Column("cut", DateTime(timezone=True), nullable=False, comment="covers what was booked before"),
        Column("accounts", BigInteger, nullable=False),
        Column("reached", BigInteger, nullable=False, comment="the last customer that was added; while it is made"),
        Column("n", Integer, nullable=False),
        Column("shop", SmallInteger, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        Column("signature", LargeBinary, comment="null: it is being made"),
        PrimaryKeyConstraint("shop", "n", name="pk_ledger_root"),
    )
