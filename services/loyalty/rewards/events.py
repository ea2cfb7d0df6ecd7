"""Rewards as the contract has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from services.loyalty.entitlements import Notice, Told, Worth
from services.loyalty.points import Cause
from services.loyalty.rewards.domain.redemption import Redemption
from services.loyalty.rewards.domain.reward import Entitlement, Product, Reward, Shipping
from shared.contracts import loyalty as contract
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id, us_of
from shared.messaging.handling import OutboxKey

SOURCE = "mandegar/loyalty"
Happening = Literal["granted", "redeemed", "expiring", "expired", "revoked"]
_FORMS: dict[Happening, Any] = {
    "granted": contract.RewardGranted,
    "redeemed": contract.RewardRedeemed,
    "expiring": contract.RewardExpiring,
    "expired": contract.RewardExpired,
    "revoked": contract.RewardRevoked,
}


def key_of(shop: Shop, customer: int) -> OutboxKey:
    """Under which a customer's events are published."""
    return OutboxKey(ShopId(shop.number), message_key(shop.slug, customer_id_text(CustomerId(customer))))


class Happened(NamedTuple):
    """What became of a redemption."""

    what: Happening
    shop: Shop
    one: Redemption
    """As it is now."""
    reward: Reward
    """In the version that the redemption names."""
    at: datetime
    days: int | None = None
    """Of a notice: how many days ahead."""
    cause: Cause | None = None
    """The event of an order behind it; None: somebody asked for it, or its time had come."""
    origin: str = "live"
    """Of the clock, where its time had come."""


def told(happened: Happened, sequence: int) -> Envelope:
    """As an event."""
    what, shop, one, reward, at, days, cause, origin = happened
    customer = customer_id_text(CustomerId(one.customer))
    # Each happens to a redemption once, or once by an event, so the id is the same however often it is worked out.
    name = f"{one.id}:{days}" if days else one.id if cause is None else f"{one.id}:{cause.event_id}"
    behind = (
        {} if cause is None else {"causationid": cause.event_id, "correlationid": cause.correlation or cause.event_id}
    )
    event: Envelope = _FORMS[what](
        id=derive_event_id(us_of(at) // 1000, shop.slug, name, f"reward.{what}"),
        source=SOURCE,
        subject=customer,
        time=at,
        shop=shop.slug,
        origin=origin if cause is None else cause.origin,
        sequence=sequence,
        data=_change(one, reward, customer, days),
        **behind,
    )
    return event


def notice_of(happened: Happened) -> Notice | None:
    """As whoever grants it is told; None: it is granted nowhere else."""
    what, shop, one, reward, at, _, cause, _ = happened
    if what not in ("granted", "revoked") or not isinstance(reward.what, Entitlement):
        return None
    told = Told(
        shop=shop.slug,
        redemption=one.id,
        number=0,
        customer=customer_id_text(CustomerId(one.customer)),
        reward=one.reward,
        version=one.version,
        name=reward.name,
        entitlement=reward.what.entitlement,
        quantity=reward.what.quantity,
        worth=Worth(amount=one.worth, currency=one.currency),
        points=one.points,
        order=one.order_id,
        reason=one.revoked_why or "",
    )
    return Notice(what, at, one.customer, told, from_history=cause is not None and cause.origin == "backfill")


def _change(one: Redemption, reward: Reward, customer: str, days: int | None) -> contract.RewardChange:
    return contract.RewardChange(
        customer=customer,
        redemption=one.id,
        reward=one.reward,
        version=one.version,
        kind=kind_of(reward),
        name=reward.name,
        worth=contract.RewardWorth(amount=one.worth, currency=one.currency),
        points=one.points,
        why="points" if one.points else "gift",
        gives=gives_of(reward),
        quantity=reward.what.quantity if isinstance(reward.what, Entitlement) else 1,
        order=one.order_id,
        expires_at=one.ends_at,
        days=days,
        reason=one.revoked_why or "",
    )


def kind_of(reward: Reward) -> contract.RewardKind:
    """What kind of reward it is."""
    kind: contract.RewardKind = type(reward.what).__struct_config__.tag  # type: ignore[assignment]  # tags are text
    return kind


def gives_of(reward: Reward) -> str:
    """What it gives, where that has a name."""
    match reward.what:
        case Product(product=name) | Entitlement(entitlement=name) | Shipping(how=name):
            return name
        case _:
            return ""
