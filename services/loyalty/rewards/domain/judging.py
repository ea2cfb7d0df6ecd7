"""Whether somebody can have a reward now, and if not, all that stands in the way. Pure; asking changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from services.loyalty.rewards.domain.reward import Cart, Reward, Voucher, needs_cart, worth_of

Reason = Literal[
    "not_offered",
    "not_yet",
    "over",
    "not_a_member",
    "cart_needed",
    "other_currency",
    "spend_more",
    "points_missing",
    "sold_out",
    "budget_spent",
    "limit_reached",
    "no_codes_left",
]


class WhyNot(NamedTuple):
    """One thing that stands in the way."""

    reason: Reason
    missing: int | None = None
    """So many points, or minor units of the cart, are missing."""


class Shelf(NamedTuple):
    """What is left of a reward, beside what its version says."""

    taken: int = 0
    """Held, granted and used."""
    committed: int = 0
    """What these are worth."""
    codes: int = 0
    """Uploaded ones that nobody has."""


class Asker(NamedTuple):
    """Whoever asks."""

    member: bool
    points: int
    """That can be spent now."""
    had: int = 0
    """How many of this reward in the period."""


def why_not(reward: Reward, shelf: Shelf, asker: Asker, cart: Cart | None, now: datetime) -> tuple[WhyNot, ...]:
    """Everything that stands in the way; empty: they can have it."""
    return (
        *_offer(reward, now),
        *(() if asker.member else (WhyNot("not_a_member"),)),
        *_cart(reward, cart),
        *_points(reward, asker),
        *_shelf(reward, shelf, cart),
        *((WhyNot("limit_reached"),) if reward.each is not None and asker.had >= reward.each else ()),
    )


def _offer(reward: Reward, now: datetime) -> tuple[WhyNot, ...]:
    if not reward.active:
        return (WhyNot("not_offered"),)
    if reward.since is not None and now < reward.since:
        return (WhyNot("not_yet"),)
    if reward.until is not None and now >= reward.until:
        return (WhyNot("over"),)
    return ()


def _cart(reward: Reward, cart: Cart | None) -> tuple[WhyNot, ...]:
    if cart is None:
        return (WhyNot("cart_needed"),) if needs_cart(reward) else ()
    if cart.currency != reward.currency:
        return (WhyNot("other_currency"),)
    if reward.minimum_spend is not None and cart.total < reward.minimum_spend:
        return (WhyNot("spend_more", reward.minimum_spend - cart.total),)
    return ()


def _points(reward: Reward, asker: Asker) -> tuple[WhyNot, ...]:
    missing = reward.points - asker.points
    return (WhyNot("points_missing", missing),) if reward.points and missing > 0 else ()


def _shelf(reward: Reward, shelf: Shelf, cart: Cart | None) -> tuple[WhyNot, ...]:
    found: list[WhyNot] = []
    if reward.stock is not None and shelf.taken >= reward.stock:
        found.append(WhyNot("sold_out"))
    # A cart in another currency says nothing of what this would cost.
    worth = worth_of(reward, cart if cart is not None and cart.currency == reward.currency else None) or 0
    if reward.budget is not None and shelf.committed + worth > reward.budget:
        found.append(WhyNot("budget_spent"))
    if isinstance(reward.what, Voucher) and reward.what.codes == "uploaded" and shelf.codes < 1:
        found.append(WhyNot("no_codes_left"))
    return tuple(found)
