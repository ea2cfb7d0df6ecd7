"""A reward as data: what it gives, what it costs, for whom and how often. Pure.

Amounts are minor units of the reward's currency. `worth` is what it costs the shop, which its budget is reckoned by.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from shared.kernel import Zone, month_of

_HUNDRED = 100
Per = Literal["ever", "month", "day"]


class Percent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="percent"):
    """A share of the cart, rounded down."""

    percent: int
    at_most: int | None = None


class Amount(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="amount"):
    """So much off the cart, and no more than its total."""

    amount: int


class Shipping(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="shipping"):
    """Free or faster shipping."""

    how: Literal["free", "fast"]
    worth: int = 0


class Product(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="product"):
    """A product or gift; `minimum_spend` of the reward says above which spend."""

    product: str
    worth: int = 0


class Voucher(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="voucher"):
    """A code: drawn by us for this customer, or one of those that the shop uploaded, as partners give them."""

    codes: Literal["own", "uploaded"]
    worth: int = 0


class Entitlement(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="entitlement"):
    """Something granted elsewhere: a feature, credit, days. Whoever grants it is told by webhook, or follows events.

    It may be taken back: by staff, and with the order that it was got on.
    """

    entitlement: str
    quantity: int = 1
    worth: int = 0


class Wallet(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="wallet"):
    """Money back to the customer's wallet, which follows the events."""

    amount: int


What = Percent | Amount | Shipping | Product | Voucher | Entitlement | Wallet


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a reward."""

    name: str
    what: What
    currency: str
    points: int
    active: bool = True
    since: datetime | None = None
    until: datetime | None = None
    minimum_spend: int | None = None
    stock: int | None = None
    budget: int | None = None
    each: int | None = None
    """So many for one customer in each period `per`."""
    per: Per = "ever"
    hold_minutes: int = 15
    valid_days: int | None = None
    """Whole days of the shop after the day of the grant; None: it does not expire."""
    reminders: tuple[int, ...] = (30, 7, 1)
    """So many days ahead customers hear that it expires."""


class Cart(NamedTuple):
    """What the customer is about to buy."""

    total: int
    """After discounts, before tax and shipping."""
    currency: str


def worth_of(reward: Reward, cart: Cart | None) -> int | None:
    """What the reward is worth with this cart; None where only a cart would tell."""
    match reward.what:
        case Percent(percent=percent, at_most=at_most):
            if cart is None:
                return None
            share = cart.total * percent // _HUNDRED
            return share if at_most is None else min(share, at_most)
        case Amount(amount=amount):
            return amount if cart is None else min(amount, cart.total)
        case Wallet(amount=amount):
            return amount
        case Shipping(worth=worth) | Product(worth=worth) | Voucher(worth=worth) | Entitlement(worth=worth):
            return worth


def needs_cart(reward: Reward) -> bool:
    """Whether nothing can be said without a cart."""
    return isinstance(reward.what, Percent) or reward.minimum_spend is not None


def used_at_once(reward: Reward, order: str | None) -> bool:
    """Whether it is used as soon as it is granted: no code is to be shown, and nothing waits for an order."""
    if isinstance(reward.what, Entitlement | Wallet):
        return True
    return order is not None and not isinstance(reward.what, Voucher)


def period_of(reward: Reward, zone: Zone, calendar: str, now: datetime) -> str:
    """The period in which limits of one customer count, in days of the shop and months of its calendar."""
    local = zone.day_of(now)
    match reward.per:
        case "ever":
            return ""
        case "day":
            return day_text(local)
        case "month":
            year, month = divmod(month_of(local, calendar), 12)
            return f"{year:04d}-{month + 1:02d}"


def day_text(day: int) -> str:
    """A day of the shop as text."""
    return datetime.fromordinal(day).date().isoformat()


def ends_at(reward: Reward, zone: Zone, granted: datetime) -> datetime | None:
    """When one that is granted now expires: at the end of a day of the shop."""
    if reward.valid_days is None:
        return None
    return zone.start_of(type(zone.day_of(granted))(zone.day_of(granted) + reward.valid_days + 1))
