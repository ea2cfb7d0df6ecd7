"""Slice `shops`: the registry of shops and their API keys. Its tables are the copies that every service has."""

from services.gateway.shops.commands import (
    LifecycleSettings,
    ShopSettings,
    add_shop,
    create_key,
    list_keys,
    list_shops,
    revoke_key,
    set_shop,
)
from services.gateway.shops.domain import INACTIVE_TIMER, ShopError
from services.gateway.shops.store import load_shops

__all__ = [
    "INACTIVE_TIMER",
    "LifecycleSettings",
    "ShopError",
    "ShopSettings",
    "add_shop",
    "create_key",
    "list_keys",
    "list_shops",
    "load_shops",
    "revoke_key",
    "set_shop",
]
