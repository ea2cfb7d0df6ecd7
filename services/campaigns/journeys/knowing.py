"""Persons as conditions ask for them, as they are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from services.campaigns import audience, consent, segments
from services.campaigns.journeys.domain.moving import Asks
from services.campaigns.segments import Condition
from shared.contracts.shops import Shop
from shared.kernel import Zone

Who = tuple[int, int]
"""Shop and identity."""


class Known(NamedTuple):
    """What is known of a person, and which day it is in their shop."""

    facts: segments.Facts
    today: int
    canonical: int
    """Whom the person is counted as."""


async def known_of(
    conn: asyncpg.Connection[Any],
    shops: Mapping[int, Shop],
    asked: Collection[Who],
    now: datetime,
    *,
    history: bool = False,
) -> dict[Who, Known]:
    """The persons that these identities belong to. `history`: whether conditions need `segments.HISTORY` of them."""
    if not asked:
        return {}
    persons = await audience.persons_of(conn, asked)
    everybody = {(shop, one) for (shop, _), person in persons.items() for one in person.identities}
    words = await consent.words_of(conn, everybody)
    said: dict[Who, list[consent.Word]] = {}
    for word in words:
        said.setdefault((word.shop, word.customer), []).append(word)
    histories = await segments.histories_of(conn, everybody) if history else {}
    zones = {number: Zone(shop.zone) for number, shop in shops.items()}
    found = {}
    for (shop, who), person in persons.items():
        own = [word for one in person.identities for word in said.get((shop, one), ())]
        past = segments.History.of(histories[shop, one] for one in person.identities if (shop, one) in histories)
        facts = segments.facts_of(person.profile, own, zones[shop], past)
        found[shop, who] = Known(facts, segments.day_at(zones[shop], now), person.profile.customer)
    return found


def asking(known: Known | None) -> Asks:
    """Answers to conditions; of somebody who is not known none holds."""

    def asks(condition: Condition) -> bool:
        return known is not None and segments.belongs(condition, known.facts, known.today)

    return asks
