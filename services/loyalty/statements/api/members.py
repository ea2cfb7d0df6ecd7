"""The customer's side: balance, what becomes of it when, history with reasons, and the tier."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from services.loyalty import tiers
from services.loyalty.programmes import KnownVersions, Level, Programme, Tiers, Version, load_version
from services.loyalty.statements import store
from services.loyalty.statements.api.asking import (
    SAMPLE,
    Customer,
    date_of,
    line_before,
    line_key,
    names_of,
    person_of,
    today_of,
)
from services.loyalty.statements.domain import SOURCES, VERBS, amount_text, effect, kind_name
from shared.db import Reads
from shared.kernel import CustomerId, customer_id_text
from shared.web import Caller, ClockDep, Cursor, DatabaseDep, Limit, Page, allow

DAYS_MAX = 100
router = APIRouter(prefix="/v1/members", tags=["members"])
Reader = Annotated[Caller, Depends(allow("customers:read", personal=True))]


class BalanceAnswer(BaseModel):
    """Points by where they lie."""

    active: int = Field(description="Can be spent.")
    pending: int = Field(description="Earned, and not to be spent yet.")
    held: int = Field(description="Reserved for a redemption that is not concluded.")
    owed: int = Field(description="A debt: taken back after it was spent.")


class OnDayAnswer(BaseModel):
    """Points of which something becomes on a day."""

    on: date | None = Field(description="A day of the shop; null: not known yet.")
    points: int


class StatementAnswer(BaseModel):
    """What a member has. Of a person with several identities: of all together."""

    customer: str = Field(description="Whom they are counted as.")
    as_of: date = Field(description="The shop's day.")
    is_member: bool
    balance: BalanceAnswer
    activating: list[OnDayAnswer] = Field(description="Pending points, by the day on which they become active.")
    expiring: list[OnDayAnswer] = Field(description="Points by the last day on which they can be spent.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": SAMPLE,
                "as_of": "2026-03-21",
                "is_member": True,
                "balance": {"active": 420, "pending": 150, "held": 0, "owed": 0},
                "activating": [{"on": "2026-04-04", "points": 150}],
                "expiring": [{"on": "2027-03-31", "points": 420}],
            }
        }
    )


class HistoryAnswer(BaseModel):
    """A line of the ledger, as a member reads it."""

    at: datetime = Field(description="When what it tells of happened.")
    kind: str = Field(description="`earn`, `activate`, `spend`, `expire`, `claw_back`, …")
    points: int = Field(description="How many points it moves.")
    effect: int = Field(description="By how much what the member has changes; 0: it only moves within.")
    source: str | None = Field(description="What they are for: `order`, `interaction`, `correction`, `reward`.")
    source_id: str | None = Field(description="Of the order, and so on.")
    line: str | None = Field(description="Of the order, where the rule counts lines.")
    rule: str = Field(description="As members read it; empty: none.")
    programme: int | None = Field(description="Version.")
    reason: str = Field(description="A word, where staff or a term had it done.")
    expires_on: date | None = Field(description="Last day on which the points of the lot can be spent.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "at": "2026-03-21T10:15:00Z",
                "kind": "earn",
                "points": 45,
                "effect": 45,
                "source": "order",
                "source_id": "A-1001",
                "line": None,
                "rule": "A point for each dollar",
                "programme": 1,
                "reason": "",
                "expires_on": "2027-04-04",
            }
        }
    )


class LevelAnswer(BaseModel):
    """A level of the programme."""

    id: str
    name: str
    threshold: int = Field(description="Of what tiers count: minor units, points or orders.")
    percent: int = Field(description="What its members earn: 150 is one and a half times as many points.")
    benefits: list[str]


class KeepAnswer(BaseModel):
    """What keeps the level."""

    by: date = Field(description="The last day on which something counts for it.")
    missing: int = Field(description="0: it is kept already.")
    in_grace: bool = Field(description="The review found too little, and the time of grace runs.")


class NextAnswer(BaseModel):
    """What leads to the next level."""

    level: LevelAnswer
    missing: int
    by: date | None = Field(description="Until then all that was counted so far counts; null: nothing was yet.")


class TierAnswer(BaseModel):
    """Where a member stands."""

    customer: str = Field(description="Whom they are counted as.")
    as_of: date = Field(description="The shop's day.")
    programme: int | None = Field(description="Version in force; null: the shop has none.")
    level: LevelAnswer | None = Field(description="Null: the programme has no tiers.")
    since: date | None = Field(description="Null: from the beginning.")
    by: str | None = Field(description="What counts: `spend`, `points` or `orders`.")
    currency: str | None = Field(description="Of `spend`.")
    counted: int = Field(description="In the window that ends today.")
    review_on: date | None = Field(description="The level is reviewed when this day begins; null: never.")
    keep: KeepAnswer | None = Field(description="Null: nothing takes the level away.")
    next: NextAnswer | None = Field(description="Null: there is no higher one.")
    sentences: list[str] = Field(description="The same for members, in English.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": SAMPLE,
                "as_of": "2026-03-21",
                "programme": 1,
                "level": {"id": "silver", "name": "Silver", "threshold": 20000, "percent": 120, "benefits": []},
                "since": "2026-03-02",
                "by": "spend",
                "currency": "USD",
                "counted": 23000,
                "review_on": "2027-03-03",
                "keep": {"by": "2027-03-02", "missing": 17000, "in_grace": False},
                "next": None,
                "sentences": ["Spend 170.00 USD by 2027-03-02 to keep Silver."],
            }
        }
    )


@router.get("/{customer}/account", response_model=StatementAnswer, summary="Balance, and what becomes of it when")
async def read_account(caller: Reader, database: DatabaseDep, clock: ClockDep, customer: Customer) -> StatementAnswer:
    """What can be spent, what waits, what is reserved or owed; what becomes active and what expires, by day."""
    async with database.read(caller.shop_id) as reads:
        person, is_member = await person_of(reads, caller.shop_id, customer)
        today = await today_of(reads, caller.shop, clock.now())
        found = await store.accounts(reads, caller.shop_id, person.identities)
        waiting = await store.activating(reads, caller.shop_id, person.identities, DAYS_MAX)
        ending = await store.expiring(reads, caller.shop_id, person.identities, DAYS_MAX)
    held = {name: sum(one[name] for one in found) for name in ("active", "pending", "held", "owed")}
    return StatementAnswer(
        customer=customer_id_text(CustomerId(person.customer)),
        as_of=date.fromordinal(today),
        is_member=is_member,
        balance=BalanceAnswer(**held),
        activating=[OnDayAnswer(on=date_of(day), points=points) for day, points in waiting],
        expiring=[OnDayAnswer(on=date_of(day - 1), points=points) for day, points in ending],
    )


@router.get("/{customer}/history", response_model=Page[HistoryAnswer], summary="What happened to the points, and why")
async def read_history(
    caller: Reader, database: DatabaseDep, customer: Customer, limit: Limit = 50, cursor: Cursor = None
) -> Page[HistoryAnswer]:
    """Every line of the ledger, the newest first, with the rule and version behind it."""
    before = line_before(cursor)
    async with database.read(caller.shop_id) as reads:
        person, _ = await person_of(reads, caller.shop_id, customer)
        found = await store.entries(reads, caller.shop_id, person.identities, before, limit + 1)
        rules = await _rules(reads, caller.shop_id, {one["version"] for one in found[:limit] if one["rule"]})
    page = Page[dict[str, Any]].of(found, limit, line_key)
    return Page[HistoryAnswer](items=[_line(one, rules) for one in page.items], next=page.next)


async def _rules(reads: Reads, shop: int, versions: Iterable[int]) -> dict[tuple[int, str], str]:
    found = [await load_version(reads, shop, number) for number in sorted(versions)]
    return {(one.number, rule.id): rule.name for one in found if one is not None for rule in one.programme.rules}


def _line(one: dict[str, Any], rules: dict[tuple[int, str], str]) -> HistoryAnswer:
    return HistoryAnswer(
        at=one["at"],
        kind=kind_name(one["kind"]),
        points=one["points"],
        effect=effect(one["debit"], one["credit"], one["points"]),
        source=SOURCES.get(one["source_kind"]),
        source_id=one["name"] or one["source"],
        line=one["line"] or None,
        rule=names_of(one, rules),
        programme=one["version"] or None,
        reason=one["reason"],
        expires_on=date_of(one["expires_day"] - 1 if one["expires_day"] < 2**31 - 1 else one["expires_day"]),
    )


@router.get("/{customer}/tier", response_model=TierAnswer, summary="The tier, and how far to the next")
async def read_tier(caller: Reader, database: DatabaseDep, clock: ClockDep, customer: Customer) -> TierAnswer:
    """Counted anew from what stands: what keeps the level, and what leads to the next one."""
    async with database.read(caller.shop_id) as reads:
        person, _ = await person_of(reads, caller.shop_id, customer)
        today = await today_of(reads, caller.shop, clock.now())
        places = [(int(caller.shop_id), identity) for identity in person.identities]
        by_identity = await tiers.days_of(reads, places)
        versions = (await KnownVersions().load(reads, [caller.shop_id]))[caller.shop_id]
    days = [day for own in by_identity.values() for day in own]
    plan = tiers.plan_of(caller.shop, versions)
    course = tiers.walk(days, plan, today)
    name, version = customer_id_text(CustomerId(person.customer)), _version(versions, course.standing.version)
    ahead = tiers.keeping(days, plan, course, today), tiers.climbing(days, plan, course, today)
    return _tier(name, today, course, ahead, version)


def _version(versions: Iterable[Version], number: int) -> Programme | None:
    return next((one.programme for one in versions if one.number == number), None)


def _tier(
    name: str,
    today: int,
    course: tiers.Course,
    ahead: tuple[tiers.Keeping | None, tiers.Climbing | None],
    programme: Programme | None,
) -> TierAnswer:
    standing, (keeping, climbing) = course.standing, ahead
    of, currency = standing.tiers, "" if programme is None else programme.currency
    return TierAnswer(
        customer=name,
        as_of=date.fromordinal(today),
        programme=standing.version or None,
        level=None if standing.level is None else _level(standing.level),
        since=date_of(standing.since),
        by=None if of is None else of.by,
        currency=currency if of is not None and of.by == "spend" else None,
        counted=course.counted,
        review_on=date_of(standing.due),
        keep=None
        if keeping is None
        else KeepAnswer(by=date.fromordinal(keeping.by), missing=keeping.missing, in_grace=keeping.missed),
        next=None
        if climbing is None
        else NextAnswer(level=_level(climbing.level), missing=climbing.missing, by=date_of(climbing.by or 0)),
        sentences=[] if of is None else _sentences(of, course, ahead, currency),
    )


def _level(one: Level) -> LevelAnswer:
    return LevelAnswer(
        id=one.id, name=one.name, threshold=one.threshold, percent=one.percent, benefits=list(one.benefits)
    )


def _sentences(
    of: Tiers, course: tiers.Course, ahead: tuple[tiers.Keeping | None, tiers.Climbing | None], currency: str
) -> list[str]:
    found, (keeping, climbing), level = [], ahead, course.standing.level
    verb = VERBS[of.by]
    if keeping is not None and level is not None:
        day = date.fromordinal(keeping.by)
        missing = amount_text(of, keeping.missing, currency)
        found.append(
            f"{verb} {missing} by {day} to keep {level.name}."
            if keeping.missing
            else f"{level.name} is kept beyond {day}."
        )
    if climbing is not None:
        until = "" if climbing.by is None else f" by {date.fromordinal(climbing.by)}"
        found.append(f"{verb} {amount_text(of, climbing.missing, currency)}{until} to reach {climbing.level.name}.")
    return found
