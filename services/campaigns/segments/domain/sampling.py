"""What a sample tells of everybody. Pure.

Ids of customers are drawn evenly from 2**62, so those that follow one another from any place on are a sample of the
shop's customers, and the room that so many of them take tells how many there are (an order statistic).
"""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

from shared.kernel.ids import CUSTOMER_ID_BITS

_SPACE = 1 << CUSTOMER_ID_BITS
_Z = 1.959963984540054
"""Of 95 %, two-sided."""
_GOLDEN = 0x9E3779B97F4A7C15


class Estimate(NamedTuple):
    """How many there are in all, with bounds that hold 95 times of 100 at least."""

    value: int
    low: int
    high: int


class Sample(NamedTuple):
    """Some customers, in the order of their ids from `start` on and over the end."""

    drawn: int
    room: int
    """Ids from `start` to the last one drawn."""

    def whole(self, found: int) -> Estimate:
        """How many of all are as `found` of those drawn.

        The share with Wilson's interval (1927); the number of all is (drawn - 1) / (room / 2**62), whose relative
        deviation is 1 / sqrt(drawn). Both bounds are taken at once, so together they are too wide rather than too
        narrow.
        """
        everybody = (self.drawn - 1) * _SPACE / self.room
        share, square = found / self.drawn, _Z * _Z
        middle, spread = 2 * found + square, _Z * sqrt(square + 4 * found * (1 - share))
        low, high = ((middle + sign * spread) / (2 * (self.drawn + square)) for sign in (-1, 1))
        apart = _Z / sqrt(self.drawn)
        bounds = max(0.0, low) * everybody * (1 - apart), high * everybody * (1 + apart)
        return Estimate(round(share * everybody), max(found, round(bounds[0])), round(bounds[1]))


def start_of(shop: int) -> int:
    """Where a shop's samples begin: the same each time, so that conditions are held against the same customers."""
    return shop * _GOLDEN % _SPACE


def room_of(start: int, last: int) -> int:
    """How many ids lie from `start` to `last`, over the end if need be."""
    return (last - start) % _SPACE + 1
