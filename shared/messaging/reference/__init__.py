"""Reference data that every service keeps a copy of: shops and API keys, from their compacted topics.

`keeping` writes the copies, `directory` answers from them, `patience` waits for shops that are on their way. What may
not live here: what a shop's settings mean to a service.
"""

from shared.messaging.reference.directory import DEFAULT_SHOP, ShopDirectory
from shared.messaging.reference.keeping import keep_keys, keep_shops, reference_subscriptions, write_shops
from shared.messaging.reference.patience import PATIENCE_SECONDS, Ends, ShopUnknown, UnknownShops, has_read

__all__ = [
    "DEFAULT_SHOP",
    "PATIENCE_SECONDS",
    "Ends",
    "ShopDirectory",
    "ShopUnknown",
    "UnknownShops",
    "has_read",
    "keep_keys",
    "keep_shops",
    "reference_subscriptions",
    "write_shops",
]
