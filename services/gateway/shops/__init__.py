"""Slice `shops`: the registry of shops and their API keys. Its tables are the copies that every service has."""

from services.gateway.shops.commands import (
    LifecycleSettings,
    ShopSettings,
    add_shop,
    list_shops,
    set_shop,
)
from services.gateway.shops.domain import INACTIVE_TIMER, ShopError
from services.gateway.shops.keys import KEPT_AFTER_ROTATION, create_key, list_keys, revoke_key, rotate_key
from services.gateway.shops.store import load_shops

__all__ = [
    "INACTIVE_TIMER",
    "KEPT_AFTER_ROTATION",
    "LifecycleSettings",
    "ShopError",
    "ShopSettings",
    "add_shop",
    "create_key",
    "list_keys",
    "list_shops",
    "load_shops",
    "revoke_key",
    "rotate_key",
    "set_shop",
]
