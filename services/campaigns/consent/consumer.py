"""consents.v1 → what holds, by identity."""

from __future__ import annotations

from collections.abc import Sequence

from services.campaigns import audience
from services.campaigns.consent import store
from services.campaigns.consent.events import read_consents
from shared import pointers
from shared.contracts.consents import ConsentChanged
from shared.messaging.handling import Delivery, Work


async def on_consents(work: Work, deliveries: Sequence[Delivery[ConsentChanged]]) -> set[audience.Key]:
    """The handler. Of who is erased nothing comes back. Gives the identities of whom anything was told."""
    numbers = {slug: work.shop(slug).number for slug in sorted({delivery.event.shop for delivery in deliveries})}
    words = read_consents(deliveries, numbers, work.refuse)
    conn = work.tx.conn
    asked = {(one.shop, one.customer) for one in words}
    await audience.lock_profiles(conn, asked)
    gone = await audience.erased_among(conn, asked)
    whose = await pointers.identities_of_all(conn, asked - gone)
    await store.lock(conn, {(shop, one) for (shop, _), (_, all_) in whose.items() for one in all_})
    await store.save(conn, [one for one in words if (one.shop, one.customer) not in gone])
    return asked - gone
