"""Chance that a replay agrees with: by a hash, never by a generator. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

_BYTES = 8
_RANGE = float(2**64)


def share(journey: str, step: str, key: str) -> float:
    """A number from 0 up to, not including, 1: the same for the same journey, step and key, evenly spread."""
    digest = sha256("\x1f".join((journey, step, key)).encode()).digest()
    return int.from_bytes(digest[:_BYTES]) / _RANGE


def is_held_out(journey: str, customer: str, percent: int) -> bool:
    """Whether a customer is of the control group: of the customer, so that all of their runs are treated alike."""
    return share(journey, "", customer) * 100 < percent


def drawn(journey: str, step: str, key: str, weights: Sequence[int]) -> int:
    """Which of some parts, as often as their weights say."""
    place = share(journey, step, key) * sum(weights)
    for index, weight in enumerate(weights):
        place -= weight
        if place < 0:
            return index
    return len(weights) - 1
