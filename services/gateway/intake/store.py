"""What the slice reads and writes: shops' rules in, positions of customers' keys and outgoing events out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.gateway import identity
from services.gateway.identity import MarkingRules, Recognition, customer_updated
from services.gateway.intake.events import Draft, ShopRules, write
from services.gateway.shops import load_shops
from shared.contracts import topics
from shared.contracts.envelope import message_key
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, ShopId, customer_id_text
from shared.messaging.handling import OutboxKey, Transaction


class RulesCache:
    """Rules of the shops by slug. Read anew for each batch; kept where the settings are still the same."""

    def __init__(self) -> None:
        self._rules: dict[str, ShopRules] = {}

    async def load(self, conn: asyncpg.Connection[Any]) -> Mapping[str, ShopRules]:
        """All shops, as they stand now."""
        shops = await load_shops(conn)
        self._rules = {slug: self._rules_of(shop) for slug, shop in shops.items()}
        return self._rules

    def _rules_of(self, shop: Shop) -> ShopRules:
        kept = self._rules.get(shop.slug)
        if kept is not None and kept.shop == shop:
            return kept
        return ShopRules(shop, MarkingRules(ShopId(shop.number), shop.phone_region, shop.blocked_identifiers))


async def save(tx: Transaction, drafts: Sequence[Draft], recognition: Recognition) -> None:
    """Lock the keys, write what was decided, publish in the order of the drafts.

    Customers and aliases are locked or inserted already; then come the keys, then whose the orders are. Every
    transaction of the service takes them in this order, so none waits for another in a circle.
    """
    addresses = _Addresses()
    keys: list[tuple[OutboxKey, str | None]] = []
    reserve: Counter[OutboxKey] = Counter()
    for draft, customer, telling in zip(drafts, recognition.customers, recognition.tellings, strict=True):
        address = addresses.of(draft, customer)
        keys.append(address)
        reserve[address[0]] += 1 if telling is None else 2
    await tx.lock_keys(reserve)
    await identity.save(tx.conn, recognition)
    for draft, (key, customer_text), telling in zip(drafts, keys, recognition.tellings, strict=True):
        if telling is not None:
            updated = customer_updated(
                telling,
                shop=draft.shop,
                cause=draft.cause,
                cause_id=draft.cause_id,
                occurred=draft.occurred,
                occurred_ms=draft.occurred_ms,
                received=draft.received,
                origin=draft.origin,
                sequence=tx.sequence(key),
            )
            tx.publish(topics.CUSTOMERS, key, updated)
        tx.publish(topics.ORDERS, key, write(draft, customer_text, tx.sequence(key)))


class _Addresses:
    """The key under which a draft goes out, and its customer as text; worked out once for each customer of a batch."""

    def __init__(self) -> None:
        self._known: dict[tuple[ShopId, CustomerId], tuple[OutboxKey, str | None]] = {}

    def of(self, draft: Draft, customer: CustomerId | None) -> tuple[OutboxKey, str | None]:
        shop = draft.claim.shop
        if customer is None:
            return OutboxKey(shop, message_key(draft.shop, f"order/{draft.claim.order_id}")), None
        known = self._known.get((shop, customer))
        if known is None:
            text = customer_id_text(customer)
            known = OutboxKey(shop, message_key(draft.shop, text)), text
            self._known[shop, customer] = known
        return known
