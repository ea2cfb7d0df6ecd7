"""Who calls: a shop, by one of its API keys or by one of its staff, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.shops import Shop
from shared.kernel import ShopId


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request: a key or a person, of one shop."""

    shop: Shop
    permissions: frozenset[str]
    key_id: str = ""
    """Of an API key; empty for staff."""
    staff: str = ""
    """Subject of a staff token; empty for keys."""
    role: str = ""
    """Of staff."""

    @property
    def shop_id(self) -> ShopId:
        """The number that leads every table."""
        return ShopId(self.shop.number)

    @property
    def actor(self) -> str:
        """As the audit log names them."""
        return f"key:{self.key_id}" if self.key_id else f"staff:{self.staff}"
