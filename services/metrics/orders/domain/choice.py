"""Which customers a list is of, said by their order days. Pure."""

from __future__ import annotations

from dataclasses import dataclass

NEVER = (0, 0)
"""A stretch without any day."""
_LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Choice:
    """Which customers. Stretches of days leave out their first and hold their last: `(after, until]`."""

    first: tuple[int, int] = (0, _LAST)
    """The first order day lies here …"""
    ordered: tuple[int, int] = NEVER
    """… with `least` counted orders here or more …"""
    least: int = 0
    not_ordered: tuple[int, int] = NEVER
    """… none here …"""
    again_within: int = 0
    """… and a second order day at most so many days after the first; 0 for either."""
