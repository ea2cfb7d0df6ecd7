"""Who belongs, kept: of persons who may have changed, all conditions of their shop are asked in one statement.

A change is told once: who settles a person holds their profile, asks after that, and writes the member beside the
event. Locks: segments of the shop (shared), profiles, keys of the outbox.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import asyncpg

from services.campaigns import audience
from services.campaigns.clocks import Told, place_of, times_of
from services.campaigns.segments.domain.condition import needed
from services.campaigns.segments.domain.judging import day_at
from services.campaigns.segments.events import Change, Reason, Telling, key_of, told
from services.campaigns.segments.store import members
from services.campaigns.segments.store.members import Asking, Standing, Verdict
from shared import pointers
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, DayOrdinal, ShopId, Zone, customer_id_text
from shared.messaging.handling import Timer, Transaction

TIMER = "segment"
_LOOKS_MAX = 20
_TOGETHER = 2_000
"""Persons of one statement. Each may change many segments, and the database does not wait long for the next one."""
_NO_DAY = date(1970, 1, 1).toordinal()


class Touch(NamedTuple):
    """How somebody came to be looked at."""

    partition: int
    """Whose owner fires their timer, and whose time counts where a shop's own goes by its events."""
    origin: str


@dataclass(frozen=True, slots=True)
class Settling:
    """What one shop's persons are settled by."""

    tx: Transaction
    shop: Shop
    conditions: Sequence[Standing]
    reason: Reason

    async def settle(self, touched: Mapping[int, Touch]) -> None:
        """Identities of the shop whose persons may belong elsewhere now. The segments of the shop must be held."""
        conn, shop = self.tx.conn, self.shop
        persons = await self._locked(touched.keys())
        touches = {**touched, **{whom: touched[one] for one, whom in sorted(persons.items()) if whom not in touched}}
        times = await times_of(conn, shop, {one.partition for one in touches.values()}, self.tx.now)
        verdicts = await self._judged(set(persons.values()), touches, times)
        belong = {(segment, one.person) for one in verdicts for segment in one.segments}
        versions = {one.segment: one.version for one in self.conditions}
        were = await members.members_among(conn, shop.number, touches, versions)
        changes = [Change(who, segment, versions[segment], True) for segment, who in sorted(belong - were)]
        changes += [Change(who, segment, versions[segment], False) for segment, who in sorted(were - belong)]
        await self._write(changes, touches)
        self._arm(verdicts, touches)

    async def _locked(self, touched: Collection[int]) -> dict[int, int]:
        """Whom identities are counted as. Whoever moves one of them holds the profiles of both sides afterwards, so
        what was read is asked for once more when these are held."""
        conn, number = self.tx.conn, self.shop.number
        locked: set[int] = set()
        for _ in range(_LOOKS_MAX):
            moved = await pointers.pointers_of(conn, {number: touched})
            persons = {one: moved.get((number, one), one) for one in touched}
            missing = {*persons, *persons.values()} - locked
            if not missing:
                return persons
            await audience.lock_profiles(conn, {(number, one) for one in missing})
            locked |= missing
        raise asyncpg.SerializationError("identities move faster than they can be held")

    async def _judged(
        self, persons: Collection[int], touches: Mapping[int, Touch], times: Mapping[int, Told]
    ) -> list[Verdict]:
        zone, by_day = Zone(self.shop.zone), defaultdict[int, list[int]](list)
        for one in persons:
            by_day[_today(zone, times.get(touches[one].partition))].append(one)
        found: list[Verdict] = []
        for today, some in sorted(by_day.items()):
            asking = Asking(self.shop.number, zone, today)
            found += await members.verdicts(self.tx.conn, asking, self.conditions, some)
        return found

    async def _write(self, changes: Sequence[Change], touches: Mapping[int, Touch]) -> None:
        tx, shop = self.tx, self.shop
        keys = {one.customer: key_of(shop, one.customer) for one in changes}
        await tx.lock_keys(Counter(keys[one.customer] for one in changes))
        entering = [(one.segment, one.customer, one.version) for one in changes if one.entered]
        await members.enter(tx.conn, shop.number, entering, tx.now)
        await members.leave(tx.conn, shop.number, [(one.segment, one.customer) for one in changes if not one.entered])
        for one in changes:
            key, origin = keys[one.customer], touches[one.customer].origin
            event = told(shop, one, Telling(self.reason, origin, tx.now, tx.sequence(key)))
            tx.publish(topics.CAMPAIGNS_SEGMENTS, key, event)

    def _arm(self, verdicts: Sequence[Verdict], touches: Mapping[int, Touch]) -> None:
        """A timer of each person for the first day on which any answer may change."""
        zone, shop = Zone(self.shop.zone), ShopId(self.shop.number)
        for one in verdicts:
            if one.turn is not None:
                name, due = customer_id_text(CustomerId(one.person)), zone.start_of(DayOrdinal(one.turn))
                self.tx.set_timer(Timer(shop, TIMER, name, due, place_of(self.shop, touches[one.person].partition)))


def _today(zone: Zone, time: Told | None) -> int:
    """Before anybody has told a shop's own time, no day of it has begun; what falls due does with the first word."""
    return _NO_DAY if time is None else day_at(zone, time.until)


async def settle_all(
    tx: Transaction,
    shops: Mapping[int, Shop],
    touched: Mapping[audience.Key, Touch],
    reason: Reason,
    asking: str | None = None,
) -> None:
    """Settle identities of several shops, by (shop, identity), by all versions that hold. `asking`: of shops alone of
    which a condition needs that (`condition.needed`)."""
    if not touched:
        return
    numbers = sorted({shop for shop, _ in touched})
    await members.hold(tx.conn, numbers)
    for number, conditions in sorted((await members.standing(tx.conn, numbers)).items()):
        if asking is not None and all(asking not in needed(one.condition) for one in conditions):
            continue
        settling = Settling(tx, shops[number], conditions, reason)
        own = sorted(one for shop, one in touched if shop == number)
        for at in range(0, len(own), _TOGETHER):
            await settling.settle({one: touched[number, one] for one in own[at : at + _TOGETHER]})
