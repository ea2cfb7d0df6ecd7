"""What others are told of shops and keys: full state, on compacted topics."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.envelope import message_key
from shared.contracts.keys import ApiKey, ApiKeyChanged
from shared.contracts.shops import Shop, ShopConfigured
from shared.kernel import ShopId, derive_event_id
from shared.messaging.handling import OutboxKey

SOURCE = "mandegar/gateway"


def shop_key(shop: Shop) -> OutboxKey:
    """Key of a shop's own messages."""
    return OutboxKey(ShopId(shop.number), message_key(shop.slug, ""))


def api_key_key(key: ApiKey, slug: str) -> OutboxKey:
    """Key of the messages on one API key."""
    return OutboxKey(ShopId(key.shop_number), message_key(slug, key.key_id))


def shop_configured(shop: Shop, *, now: datetime, sequence: int) -> ShopConfigured:
    """The shop exists with these settings."""
    cause = f"shop/{shop.slug}/{sequence}"
    return ShopConfigured(
        id=derive_event_id(_ms(now), shop.slug, cause, "shop.configured"),
        source=SOURCE,
        subject=shop.slug,
        time=now,
        shop=shop.slug,
        sequence=sequence,
        receivedat=now,
        data=shop,
    )


def api_key_changed(key: ApiKey, slug: str, *, now: datetime, sequence: int) -> ApiKeyChanged:
    """The key was made or revoked."""
    return ApiKeyChanged(
        id=derive_event_id(_ms(now), slug, f"key/{key.key_id}/{sequence}", "api-key.changed"),
        source=SOURCE,
        subject=key.key_id,
        time=now,
        shop=slug,
        sequence=sequence,
        receivedat=now,
        data=key,
    )


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)
