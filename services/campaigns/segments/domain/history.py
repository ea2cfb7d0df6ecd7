"""Single orders of a person, what was sent to them, and what they did about it. Pure. Instants are microseconds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

CONVERTED_DAYS = 7
"""An order so long after a message is due to it; campaigns' results begin with the same window."""
_DAY_US = 86_400_000_000


class Kept(NamedTuple):
    """A counted order, and what of it was kept."""

    at: int
    order: str
    products: frozenset[str]
    categories: frozenset[str]


class Sent(NamedTuple):
    """A message that reached for the customer."""

    at: int
    message: str
    campaign: str


class Reply(NamedTuple):
    """What the customer did about a message."""

    at: int
    did: str
    campaign: str


class History(NamedTuple):
    """What single conditions ask for one by one, of all identities of a person. Instants are microseconds."""

    orders: tuple[Kept, ...] = ()
    sent: tuple[Sent, ...] = ()
    replies: tuple[Reply, ...] = ()

    @classmethod
    def of(cls, parts: Iterable[History]) -> History:
        """Of several identities, as one."""
        whole = list(parts)
        return cls(
            tuple(one for part in whole for one in part.orders),
            tuple(one for part in whole for one in part.sent),
            tuple(one for part in whole for one in part.replies),
        )

    def converted(self) -> Iterator[Reply]:
        """Orders that are due to a message: to the last before it, unless that is too long ago."""
        for order in self.orders:
            before = [one for one in self.sent if one.at <= order.at]
            last = max(before, key=lambda one: (one.at, one.message), default=None)
            if last is not None and order.at < last.at + CONVERTED_DAYS * _DAY_US:
                yield Reply(order.at, "converted", last.campaign)


NO_HISTORY = History()
