"""What the lifecycle events of a shop come to: changes less those that were taken back. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from shared.contracts.lifecycle import LifecycleEvent, StageChange, StageRetracted

DECODER: msgspec.json.Decoder[LifecycleEvent] = msgspec.json.Decoder(LifecycleEvent)


class _Shop(msgspec.Struct):
    shop: str


_SHOP = msgspec.json.Decoder(_Shop)


def of_shop(value: bytes, shop: str | None) -> bool:
    """Whether the event is of this shop; any, where none is named."""
    return shop is None or _SHOP.decode(value).shop == shop


@dataclass(frozen=True)
class Standing:
    """Changes that stand, by customer, in the order in which they took effect."""

    changes: dict[str, list[StageChange]] = field(default_factory=dict)
    events: int = 0
    retractions: int = 0


def standing(values: Iterable[bytes], shop: str) -> Standing:
    """The changes of a shop that no retraction has taken back; an event that comes twice counts once."""
    told: dict[str, StageChange] = {}
    taken_back: set[str] = set()
    for value in values:
        if not of_shop(value, shop):
            continue
        event = DECODER.decode(value)
        if isinstance(event, StageRetracted):
            taken_back.add(event.data.retracts)
        else:
            told[event.id] = event.data
    changes: dict[str, list[StageChange]] = defaultdict(list)
    for name, change in told.items():
        if name not in taken_back:
            changes[change.customer].append(change)
    for own in changes.values():
        own.sort(key=lambda change: (change.day, change.number))
    return Standing(dict(changes), len(told), len(taken_back))
