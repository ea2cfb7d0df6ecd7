"""From topics to the domain: what events tell of customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from services.feedback.customers.domain import Key, StageTold
from shared.contracts.customers import CustomerEvent
from shared.contracts.lifecycle import LifecycleEvent, StageRetracted
from shared.contracts.loyalty import LoyaltyTiersEvent
from shared.messaging.handling import Delivery
from shared.messaging.naming import Refuse, named

_LOCALE_LENGTH_MAX = 35  # of BCP 47


def read_locales(
    deliveries: Sequence[Delivery[CustomerEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, tuple[int, str | None]]:
    """The last word on each identity's language, with its sequence."""
    found: dict[Key, tuple[int, str | None]] = {}
    for key, delivery in named(deliveries, numbers, refuse):
        sequence, locale = _sequence(delivery), delivery.event.data.locale
        if key not in found or sequence > found[key][0]:
            found[key] = sequence, None if locale is None or "\0" in locale else locale[:_LOCALE_LENGTH_MAX]
    return found


def read_stages(
    deliveries: Sequence[Delivery[LifecycleEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[tuple[int, int, int], StageTold]:
    """Changes by (shop, identity, number); one that was taken back stays so."""
    found: dict[tuple[int, int, int], StageTold] = {}
    for (shop, customer), delivery in named(deliveries, numbers, refuse):
        data = delivery.event.data
        known = found.get((shop, customer, data.number))
        gone = isinstance(delivery.event, StageRetracted) or (known is not None and known.retracted)
        found[shop, customer, data.number] = StageTold(data.number, data.day.toordinal(), data.stage, gone)
    return found


def read_tiers(
    deliveries: Sequence[Delivery[LoyaltyTiersEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, tuple[int, str]]:
    """The last tier of each, with its sequence; empty: none any more."""
    found: dict[Key, tuple[int, str]] = {}
    for key, delivery in named(deliveries, numbers, refuse):
        after = delivery.event.data.after
        told = _sequence(delivery), "" if after is None else after.id
        found[key] = max(found.get(key, told), told)
    return found


def _sequence(delivery: Delivery[Any]) -> int:
    return 0 if delivery.event.sequence is UNSET else int(delivery.event.sequence)
