"""Who is who: the shop's own ids of customers, and what the platform calls them."""

from __future__ import annotations

import msgspec

from mandegar.listening import Listener
from shared.contracts import topics
from shared.contracts.customers import CustomerEvent
from shared.contracts.shops import Shop

READ_LIMIT_S = 120.0
_CUSTOMER = msgspec.json.Decoder(CustomerEvent)


async def surrogates_of(bootstrap_servers: str, shop: Shop) -> dict[str, str]:
    """The shop's own customer id to the surrogate, as `customers.v1` tells it. Raises ListenError."""
    surrogates = {}
    async with Listener(bootstrap_servers, topics.CUSTOMERS) as customers:
        async for heard in customers.history(limit_s=READ_LIMIT_S):
            event = _CUSTOMER.decode(heard.value)
            if event.shop == shop.slug and event.data.shop_customer_id is not None:
                surrogates[event.data.shop_customer_id] = event.data.customer
    return surrogates
