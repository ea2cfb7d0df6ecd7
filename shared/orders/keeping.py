"""What is known of an order as bytes, for a column of a table: no more than what stands."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from shared.orders.order import Content, Mark, OrderState, Refund


class _Known(NamedTuple):
    marks: tuple[Mark, ...]
    content: Content | None
    refunds: tuple[tuple[str, Refund], ...]


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Known)


def known_bytes(state: OrderState) -> bytes:
    """An order as JSON. `state`: what `standing` leaves of it."""
    return _ENCODER.encode(_Known(tuple(sorted(state.marks)), state.content, tuple(state.refunds.items())))


def known_order(known: bytes) -> OrderState:
    """What `known_bytes` was given."""
    stored = _DECODER.decode(known)
    content = stored.content
    return OrderState(
        dict.fromkeys(stored.marks, 0),
        {} if content is None else {(content.at, content.event_id): content},
        {(refund_id, one.at, one.event_id): one for refund_id, one in stored.refunds},
    )
