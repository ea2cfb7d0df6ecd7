"""What earns points: an order, or an interaction, as it is known at last. Pure.

Both are one algebra (`shared.orders`): an interaction is an order that was completed once and costs nothing. Of an
order loyalty keeps what stands, and nothing that was only said in between: joining what stands with what comes later
gives what all of it together says. Instants are microseconds of the Unix epoch.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import msgspec

from services.loyalty.earning import GivenBack, Line, Purchase, Returned
from shared.orders import Content, Mark, OrderState, Refund, first_completion, merge, standing, status


class Kind(IntEnum):
    """What an occasion is."""

    ORDER = 1
    INTERACTION = 2


class Key(NamedTuple):
    """An occasion of a shop. Sorts as the table's key does."""

    shop: int
    kind: Kind
    id: str
    """The order's, or that of the interaction's event."""


class Detail(NamedTuple):
    """What rules see of an order besides its amount."""

    channel: str = ""
    lines: tuple[Line, ...] = ()
    interaction: str = ""
    """Its name, folded; empty: an order."""


NO_DETAIL = Detail()
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Detail)


def encode_detail(detail: Detail) -> bytes:
    """As `Content.detail` and the tables hold it; empty where there is nothing to hold."""
    return b"" if detail == NO_DETAIL else _ENCODER.encode(detail)


def decode_detail(stored: bytes) -> Detail:
    """What `encode_detail` wrote."""
    return _DECODER.decode(stored) if stored else NO_DETAIL


class Known(NamedTuple):
    """What is known of an occasion. Knowledge only ever joins."""

    state: OrderState = OrderState()
    delivered: int | None = None
    """The first delivery that anybody told of."""

    @property
    def content(self) -> Content | None:
        """What stands of what was said."""
        return self.state.content

    @property
    def first(self) -> int | None:
        """The first completion."""
        found = first_completion(self.state)
        return None if found is None else found[0]

    @property
    def last(self) -> Mark | None:
        """The completion or cancellation that decides."""
        return status(self.state)

    @property
    def stands(self) -> bool:
        """Whether it was completed at last."""
        last = self.last
        return last is not None and last.completed

    @property
    def refunds(self) -> dict[str, Refund]:
        """The last telling of each refund."""
        return self.state.refunds


def joined(one: Known, other: Known) -> Known:
    """What both together know, of which what stands is kept."""
    told = [at for at in (one.delivered, other.delivered) if at is not None]
    return Known(standing(merge(one.state, other.state)), min(told, default=None))


def purchase_of(key: Key, known: Known) -> Purchase | None:
    """The occasion as rules see it; None while its completion or its content is not known."""
    content, first = known.content, known.first
    if content is None or first is None:
        return None
    detail = decode_detail(content.detail)
    return Purchase(
        id=key.id,
        at=first,
        currency=content.currency,
        revenue=content.revenue,
        channel=detail.channel,
        lines=detail.lines,
        refunds=tuple(_given_back(one) for one in known.refunds.values()),
        stands=known.stands,
        interaction=detail.interaction,
    )


def _given_back(refund: Refund) -> GivenBack:
    amounts = dict(refund.amounts)
    return GivenBack(
        amount=refund.amount,
        currency=refund.currency,
        whole=refund.whole,
        items=tuple(Returned(line, pieces, amounts.get(line, 0)) for line, pieces in refund.items),
    )
