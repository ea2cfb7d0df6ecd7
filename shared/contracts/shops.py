"""`shops.v1`: full settings of each shop, compacted, keyed by shop. Every service keeps its own copy."""

from __future__ import annotations

import msgspec

from shared.contracts.envelope import Envelope


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop and the settings that services need to interpret its events."""

    number: int
    """The small integer that leads every table; the same in every service."""
    slug: str
    name: str
    zone: str = "UTC"
    """IANA name. Decides where a day starts."""
    currency: str = "USD"
    """Where an order names none."""
    calendar: str = "gregorian"
    """`gregorian` or `jalali`: for reports by month."""
    languages: tuple[str, ...] = ("en",)
    week_start: int = 0
    """0 is Monday; 5 is Saturday, as in Iran."""
    phone_region: str = "US"
    """Default region of phone numbers written without a country code."""
    windows: tuple[int, ...] = (30, 90, 180, 365)
    """Windows in days that are kept as counters. Others are answered by a scan."""
    loyal_over: int = 4
    """A customer with more than this many orders in the window is loyal."""
    benchmark: str = "retail"
    """Industry whose published average retention is shown beside the shop's own."""
    blocked_identifiers: tuple[str, ...] = ()
    """Values that never identify anybody, beside the built-in ones (`null`, `0` …)."""


class ShopConfigured(Envelope, frozen=True, kw_only=True, tag="shop.configured"):
    """The shop exists with these settings."""

    data: Shop


ShopEvent = ShopConfigured
