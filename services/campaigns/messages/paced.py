"""What policies say of the messages of one claim. Each that is claimed counts for those of its person after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import asyncpg

from services.campaigns import pacing
from services.campaigns.audience import Person
from services.campaigns.messages import store
from services.campaigns.messages.domain import Plan
from services.campaigns.pacing import Pace, Past, Policy
from shared.contracts.shops import Shop

Key = tuple[int, int]
"""Shop and identity."""


class Paces:
    """Of the persons of a claim, who are held where there are caps: two claims never count past each other."""

    def __init__(
        self, shops: Mapping[int, Shop], policies: Mapping[int, Policy], past: Mapping[Key, Sequence[Past]]
    ) -> None:
        """`past`: by shop and whom a person is counted as."""
        self._shops, self._policies = shops, policies
        self._past = defaultdict[Key, list[Past]](list, {key: list(of) for key, of in past.items()})

    @classmethod
    async def read(
        cls,
        conn: asyncpg.Connection[Any],
        shops: Mapping[int, Shop],
        whose: Mapping[Key, tuple[int, Sequence[int]]],
    ) -> Paces:
        """`whose`: whom those are counted as who are to get messages, and all of their identities."""
        policies = await pacing.policies_of(conn, {shop for shop, _ in whose})
        persons = {
            (shop, identity): (shop, canonical)
            for (shop, _), (canonical, identities) in whose.items()
            if policies[shop].caps
            for identity in identities
        }
        await pacing.hold(conn, set(persons.values()))
        past = defaultdict[Key, list[Past]](list)
        window = pacing.window_max(policies.values())
        for identity, one in await store.recent(conn, persons, window):
            past[persons[identity]].append(one)
        return cls(shops, policies, past)

    def of(self, plan: Plan, person: Person, now: datetime) -> Pace:
        """Whether the message may go now."""
        zone = pacing.zone_of(person.profile.contacts.phone, self._shops[plan.shop].zone)
        past = self._past[plan.shop, person.profile.customer]
        return pacing.pace(self._policies[plan.shop], plan.channel, plan.purpose, past, now=now, zone=zone)

    def count(self, plan: Plan, person: Person, now: datetime) -> None:
        """The message is claimed."""
        self._past[plan.shop, person.profile.customer].append(Past(now, plan.channel, plan.purpose))
