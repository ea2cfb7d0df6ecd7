"""Whole numbers out of exact ones: rounding by name, and parting a whole so that nothing is lost. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from services.loyalty.programmes import Rounding


def rounded(shares: int, unit: int, how: Rounding) -> int:
    """`shares` of which `unit` make a whole one, as a whole number. Neither is negative."""
    whole, rest = divmod(shares, unit)
    match how:
        case "down":
            return whole
        case "up":
            return whole + (rest > 0)
        case "half_up":
            return whole + (2 * rest >= unit)
        case "half_even":
            return whole + (2 * rest > unit or (2 * rest == unit and whole % 2 == 1))


def allot(whole: int, weights: Sequence[int]) -> list[int]:
    """Part a whole by weights, by largest remainder: the parts add up to it, each within 1 of its exact share.

    Of equal remainders the earlier one is served first. Weights that are all 0 count as equal.
    """
    if len(weights) == 1:
        return [whole]
    total = sum(weights)
    if not total:
        weights, total = [1] * len(weights), len(weights)
    shares = [divmod(whole * weight, total) for weight in weights]
    parts = [share for share, _ in shares]
    order = sorted(range(len(parts)), key=lambda place: (-shares[place][1], place))
    for place in order[: whole - sum(parts)]:
        parts[place] += 1
    return parts
