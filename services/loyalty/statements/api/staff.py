"""The staff's side: accounts as the ledger has them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.loyalty.clocks import day_now
from services.loyalty.points import ExpiredLot, expired_since
from services.loyalty.programmes import load_in_force
from services.loyalty.statements import store
from services.loyalty.statements.api.asking import SAMPLE, Customer, date_of, line_before, line_key, person_of
from services.loyalty.statements.domain import SOURCES, bucket_name, kind_name
from shared.kernel import CustomerId, customer_id_text
from shared.web import Caller, ClockDep, Cursor, DatabaseDep, Limit, Page, allow

router = APIRouter(prefix="/v1/points", tags=["points"])
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]
_HASH = "5d0c2b1f9e7a4d3c8b6f10a29e4c7d5b3a1f8e6d4c2b0a998877665544332211"


class AccountAnswer(BaseModel):
    """The account of one identity."""

    customer: str
    active: int
    pending: int
    held: int
    owed: int
    entries: int = Field(description="How many there are.")
    head: str = Field(description="Hash of the last entry, which covers all before it.")


class LotAnswer(BaseModel):
    """Points that were earned for one thing. What was earned is the sum of all but `owed` and `forgiven`."""

    customer: str
    lot: str = Field(description="Its number within the account.")
    source: str
    source_id: str
    line: str
    rule: str
    version: int
    at: datetime
    active_on: date | None = Field(description="Null: not known yet.")
    expires_on: date | None = Field(description="Last day on which they can be spent; null: never.")
    earned: int
    pending: int
    remaining: int
    held: int
    spent: int
    repaid: int
    expired: int
    reversed: int
    adjusted: int
    owed: int = Field(description="Clawed back though it was spent, and owed.")
    forgiven: int = Field(description="Clawed back though it was spent, and borne by the shop.")


class ExpiredAnswer(BaseModel):
    """Points that have expired and can still be reinstated, by a correction that names the lot."""

    customer: str
    lot: str = Field(description="Its number within the account.")
    source: str
    source_id: str
    points: int = Field(description="That have expired of it.")
    expired_on: date = Field(description="The last day on which they could be spent.")
    until: date = Field(description="The last day on which they can be reinstated.")


class AccountsAnswer(BaseModel):
    """All accounts of a person, the lots of which something is left, and those that can be reinstated."""

    customer: str = Field(description="Whom they are counted as.")
    accounts: list[AccountAnswer]
    lots: list[LotAnswer] = Field(description=f"In the order in which they are spent, at most {store.LOTS_MAX}.")
    expired: list[ExpiredAnswer] = Field(description="The latest first, by the programme's `reinstate_days`.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": SAMPLE,
                "accounts": [
                    {
                        "customer": SAMPLE,
                        "active": 45,
                        "pending": 0,
                        "held": 0,
                        "owed": 0,
                        "entries": 1,
                        "head": _HASH,
                    }
                ],
                "lots": [],
                "expired": [
                    {
                        "customer": SAMPLE,
                        "lot": "4611686018427387904",
                        "source": "order",
                        "source_id": "A-0900",
                        "points": 30,
                        "expired_on": "2026-03-15",
                        "until": "2026-04-14",
                    }
                ],
            }
        }
    )


class EntryAnswer(BaseModel):
    """A line of the ledger: points that went from one bucket to another."""

    customer: str
    n: int = Field(description="Numbers the account's entries from 1 on.")
    transaction: int = Field(description="Number of the first entry that was posted with it.")
    at: datetime
    booked_at: datetime
    day: date = Field(description="The shop's day that its clock had come to.")
    kind: str
    debit: str = Field(description="The bucket that points leave.")
    credit: str
    points: int
    source: str | None
    source_id: str | None
    line: str | None
    rule: str | None
    version: int | None
    name: str = Field(description="Of the redemption or correction, where it is one.")
    cause: str = Field(description="Id of the event that had it done.")
    reason: str
    actor: str
    hash: str = Field(description="Covers this entry and all before it.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": SAMPLE,
                "n": 1,
                "transaction": 1,
                "at": "2026-03-21T10:15:00Z",
                "booked_at": "2026-03-21T10:15:01Z",
                "day": "2026-03-21",
                "kind": "earn",
                "debit": "issued",
                "credit": "active",
                "points": 45,
                "source": "order",
                "source_id": "A-1001",
                "line": "",
                "rule": "purchase",
                "version": 1,
                "name": "",
                "cause": "019d0fbe-4b40-8a31-9c5e-2f6d1f0a7b14",
                "reason": "",
                "actor": "",
                "hash": _HASH,
            }
        }
    )


@router.get("/accounts/{customer}", response_model=AccountsAnswer, summary="Accounts and lots of a person")
async def read_accounts(caller: Reader, database: DatabaseDep, clock: ClockDep, customer: Customer) -> AccountsAnswer:
    """What each identity's account holds, the lots behind it, in the order in which they are spent; what has expired
    and can be reinstated."""
    async with database.read(caller.shop_id) as reads:
        person, _ = await person_of(reads, caller.shop_id, customer)
        accounts = await store.accounts(reads, caller.shop_id, person.identities)
        lots = await store.lots(reads, caller.shop_id, person.identities)
        version = await load_in_force(reads, caller.shop_id, clock.now())
        days = 0 if version is None else version.programme.reinstate_days
        first = await day_now(reads, caller.shop, clock.now()) - days
        expired = await expired_since(reads, caller.shop_id, person.identities, first, store.LOTS_MAX)
    return AccountsAnswer(
        customer=_name(person.customer),
        accounts=[
            AccountAnswer(**{**one, "customer": _name(one["customer"])}, entries=one["version"]) for one in accounts
        ],
        lots=[_lot(one) for one in lots],
        expired=[_expired(one, days) for one in expired],
    )


@router.get("/accounts/{customer}/entries", response_model=Page[EntryAnswer], summary="Lines of the ledger")
async def read_entries(
    caller: Reader, database: DatabaseDep, customer: Customer, limit: Limit = 50, cursor: Cursor = None
) -> Page[EntryAnswer]:
    """As they were posted, the newest first, each with its hash."""
    before = line_before(cursor)
    async with database.read(caller.shop_id) as reads:
        person, _ = await person_of(reads, caller.shop_id, customer)
        found = await store.entries(reads, caller.shop_id, person.identities, before, limit + 1)
    page = Page[dict[str, Any]].of(found, limit, line_key)
    return Page[EntryAnswer](items=[_entry(one) for one in page.items], next=page.next)


def _name(customer: int) -> str:
    return customer_id_text(CustomerId(customer))


def _lot(one: dict[str, Any]) -> LotAnswer:
    never, otherwise = one["expires_day"] == 2**31 - 1, ("customer", "lot", "source")
    return LotAnswer(
        **{name: one[name] for name in LotAnswer.model_fields if name in one and name not in otherwise},
        customer=_name(one["customer"]),
        lot=str(one["lot"]),
        source=SOURCES[one["source_kind"]],
        source_id=one["source"],
        active_on=date_of(one["starts_day"]),
        expires_on=None if never else date.fromordinal(one["expires_day"] - 1),
    )


def _expired(one: ExpiredLot, days: int) -> ExpiredAnswer:
    return ExpiredAnswer(
        customer=_name(one.customer),
        lot=str(one.lot),
        source=SOURCES[one.key.source_kind],
        source_id=one.key.source,
        points=one.points,
        expired_on=date.fromordinal(one.expires_day - 1),
        until=date.fromordinal(one.expires_day + days - 1),
    )


def _entry(one: dict[str, Any]) -> EntryAnswer:
    same = ("n", "transaction", "at", "booked_at", "points", "line", "rule", "version", "name", "cause", "reason")
    return EntryAnswer(
        **{name: one[name] for name in (*same, "actor", "hash")},
        customer=_name(one["customer"]),
        day=date.fromordinal(one["day"]),
        kind=kind_name(one["kind"]),
        debit=bucket_name(one["debit"]),
        credit=bucket_name(one["credit"]),
        source=SOURCES.get(one["source_kind"]),
        source_id=one["source"],
    )
