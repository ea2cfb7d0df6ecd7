"""Of whom, and of which day of the shop, something is asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Path

from services.loyalty import members, persons
from services.loyalty.persons import Person
from services.loyalty.statements import store
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import DayOrdinal, Zone, moment_of, us_of
from shared.web import CUSTOMER_PATTERN, FieldError, customer_number, invalid, not_found, read_cursor

SAMPLE = "1k5f0q2v9a3bd"
NEVER = 2**31 - 1
_AT_MAX = 4_102_444_800_000_000
"""2100"""
Customer = Annotated[
    str, Path(pattern=CUSTOMER_PATTERN, description="Surrogate id, as events and answers have it.", examples=[SAMPLE])
]


async def person_of(reads: Reads, shop: int, customer: str) -> tuple[Person, bool]:
    """The person whose identity it is, and whether they are a member. 404 for whom nobody knows."""
    person = await persons.identities_of_person(reads, shop, customer_number(customer))
    found = await members.members_of(reads, [(shop, identity) for identity in person.identities])
    if not found and not await persons.is_known(reads, shop, customer_number(customer)):
        raise not_found("customer")
    return person, bool(found)


async def today_of(reads: Reads, shop: Shop, now: datetime) -> int:
    """The shop's day, by its own clock."""
    if shop.clock == "stream":
        now = await store.clock_of(reads, shop.number) or now
    return int(Zone(shop.zone).day_of(now))


def date_of(day: int) -> date | None:
    """None for never."""
    return None if day in (0, NEVER) else date.fromordinal(day)


def start_of(shop: Shop, day: int) -> datetime:
    """When a day of the shop begins."""
    return Zone(shop.zone).start_of(DayOrdinal(day))


def line_before(cursor: str | None) -> tuple[datetime, int, int] | None:
    """The line of the ledger that the page before ended with. 422 for a cursor that is not ours."""
    found = read_cursor(cursor, tuple[int, int, int])
    if found is None:
        return None
    at, customer, n = found
    if not (0 <= at < _AT_MAX and 0 <= n < NEVER):
        raise invalid(FieldError("query.cursor", "is not one of ours; leave it out for the first page"))
    return moment_of(at), customer, n


def line_key(row: dict[str, Any]) -> tuple[int, int, int]:
    """What `line_before` reads."""
    return us_of(row["booked_at"]), row["customer"], row["n"]


def names_of(row: dict[str, Any], rules: dict[tuple[int, str], str]) -> str:
    """What members call the rule that a lot was earned by."""
    return rules.get((row["version"], row["rule"]), "") if row["rule"] else ""
