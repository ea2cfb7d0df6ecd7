"""Keeping a copy: the subscriptions to shops and API keys, and how they are written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
from msgspec import UNSET

from shared.contracts import topics
from shared.contracts.keys import ApiKeyChanged
from shared.contracts.shops import Shop, ShopConfigured
from shared.messaging.handling import Delivery, Subscription, Work

_KEEP_SHOPS = """
INSERT INTO shop AS s (number, slug, settings, version, sequence)
SELECT t.number, t.slug, t.settings::jsonb, 1, t.sequence
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[]) AS t(number, slug, settings, sequence)
ON CONFLICT (number) DO UPDATE SET
    slug = excluded.slug, settings = excluded.settings, sequence = excluded.sequence, version = s.version + 1
WHERE excluded.sequence >= s.sequence
"""
_KEEP_KEYS = """
INSERT INTO api_key AS k (key_id, shop, sha256, scopes, name, expires_at, revoked_at, sequence)
SELECT t.key_id, t.shop, t.sha256, ARRAY(SELECT jsonb_array_elements_text(t.scopes::jsonb)), t.name,
       t.expires_at, t.revoked_at, t.sequence
FROM unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
            $8::bigint[]) AS t(key_id, shop, sha256, scopes, name, expires_at, revoked_at, sequence)
ON CONFLICT (key_id) DO UPDATE SET
    shop = excluded.shop, sha256 = excluded.sha256, scopes = excluded.scopes, name = excluded.name,
    expires_at = excluded.expires_at, revoked_at = excluded.revoked_at, sequence = excluded.sequence
WHERE excluded.sequence >= k.sequence
"""


def reference_subscriptions() -> list[Subscription]:
    """What a service adds to its own subscriptions to know shops and API keys."""
    return [
        Subscription(topics.SHOPS, ShopConfigured, keep_shops, first=True),
        Subscription(topics.KEYS, ApiKeyChanged, keep_keys, first=True),
    ]


async def keep_shops(work: Work, deliveries: Sequence[Delivery[ShopConfigured]]) -> None:
    """Keep the latest settings of each shop; events older than what is kept change nothing."""
    latest: dict[int, ShopConfigured] = {}
    for delivery in deliveries:
        event = delivery.event
        known = latest.get(event.data.number)
        if known is None or _sequence(event.sequence) >= _sequence(known.sequence):
            latest[event.data.number] = event
    events = [latest[number] for number in sorted(latest)]
    await write_shops(work.tx.conn, [event.data for event in events], [_sequence(e.sequence) for e in events])


async def write_shops(conn: asyncpg.Connection[Any], shops: Sequence[Shop], sequences: Sequence[int]) -> None:
    """Write settings into the service's own copy. Each shop at most once in a call."""
    await conn.execute(
        _KEEP_SHOPS,
        [shop.number for shop in shops],
        [shop.slug for shop in shops],
        [msgspec.json.encode(shop).decode() for shop in shops],
        list(sequences),
    )


async def keep_keys(work: Work, deliveries: Sequence[Delivery[ApiKeyChanged]]) -> None:
    """Keep the latest state of each API key."""
    latest: dict[str, ApiKeyChanged] = {}
    for delivery in deliveries:
        event = delivery.event
        known = latest.get(event.data.key_id)
        if known is None or _sequence(event.sequence) >= _sequence(known.sequence):
            latest[event.data.key_id] = event
    events = [latest[key_id] for key_id in sorted(latest)]
    keys = [event.data for event in events]
    await work.tx.conn.execute(
        _KEEP_KEYS,
        [key.key_id for key in keys],
        [key.shop_number for key in keys],
        [key.sha256 for key in keys],
        [msgspec.json.encode(key.scopes).decode() for key in keys],
        [key.name for key in keys],
        [key.expires_at for key in keys],
        [key.revoked_at for key in keys],
        [_sequence(event.sequence) for event in events],
    )


def _sequence(value: int | msgspec.UnsetType) -> int:
    return 0 if value is UNSET else value
