"""`shops.v1`: full settings of each shop, compacted, keyed by shop. Every service keeps its own copy."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.contracts.envelope import Envelope

Days = Annotated[int, Meta(ge=1, le=3650)]


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True):
    """When a customer counts as new, lapsing and lost."""

    lost_days: Days = 365
    """Lost: without an order for so many days."""
    onboarding_days: Days = 30
    """A new or reactivated customer is active after so many days, or with the second order."""
    lapsing: Literal["personal", "fixed"] = "personal"
    """Lapsing by the customer's own rhythm and the shop's, or after `lapsing_days` for everybody."""
    lapsing_days: Days = 90
    """The fixed threshold; also used while the shop has too few gaps for a personal one."""
    lapsing_floor: Days = 7
    """No personal threshold is shorter."""
    lapsing_quantile: Annotated[int, Meta(ge=1, le=99)] = 80
    """Percent of gaps that the threshold is to exceed."""
    activity: Literal["orders", "visits", "either"] = "orders"
    """What the days without activity are counted from. Being lost always goes by orders."""


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
    periods: tuple[int, ...] = (30,)
    """Periods in days whose customers won and lost are kept as counters on basis `booked`. Others are scanned."""
    closing_days: Annotated[int, Meta(ge=0, le=28)] = 3
    """A month closes for basis `booked` so many days after its end."""
    clock: Literal["wall", "stream"] = "wall"
    """`stream`: time is what `clock.advanced` events say, for replays of the past."""
    lifecycle: Lifecycle = Lifecycle()
    benchmark: str = "retail"
    """Industry whose published average retention is shown beside the shop's own."""
    blocked_identifiers: tuple[str, ...] = ()
    """Values that never identify anybody, beside the built-in ones (`null`, `0` …)."""
    dead_letter_days: Annotated[int, Meta(ge=1, le=30)] = 30
    """Bodies of dead letters are kept so long."""
    inactive_months: Annotated[int, Meta(ge=0, le=120)] = 0
    """Who has neither ordered nor been heard of for so many months is erased; 0: nobody is."""
    visit_months: Annotated[int, Meta(ge=0, le=120)] = 0
    """Days of visits are kept for so many months where stages go by orders; 0: for ever."""


class ShopConfigured(Envelope, frozen=True, kw_only=True, tag="shop.configured"):
    """The shop exists with these settings."""

    data: Shop


ShopEvent = ShopConfigured
