"""Typed ids. A customer is a random 62-bit number inside, and thirteen characters of base 32 in events and URLs."""

from __future__ import annotations

import hashlib
from typing import NewType

ShopId = NewType("ShopId", int)
"""Small integer (1..32767) that leads every table. Outside, a shop is its slug."""

CustomerId = NewType("CustomerId", int)
"""Surrogate: random, 1 <= id < 2**62. Says nothing about the person."""

CUSTOMER_ID_BITS = 62
_TEXT_LENGTH = 13
_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]
_STAMP_MASK = (1 << 48) - 1
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The two bits that RFC 9562 fixes, put into a hexadecimal digit."""


def customer_id_text(customer: CustomerId) -> str:
    """The thirteen-character form, as events and URLs carry it."""
    value = int(customer)
    if not 0 < value < 1 << CUSTOMER_ID_BITS:
        raise ValueError("a customer id lies between 1 and 2**62 - 1")
    # Two digits at a time from a table: this is on the path of every order.
    pair = _PAIRS
    return (
        _DIGITS[value >> 60]
        + pair[value >> 50 & 1023]
        + pair[value >> 40 & 1023]
        + pair[value >> 30 & 1023]
        + pair[value >> 20 & 1023]
        + pair[value >> 10 & 1023]
        + pair[value & 1023]
    )


def parse_customer_id(text: str) -> CustomerId:
    """The number behind the thirteen-character form.

    Raises ValueError when the text is not one that `customer_id_text` could have written.
    """
    if len(text) != _TEXT_LENGTH or not text.isascii() or not text.isalnum() or text != text.lower() or max(text) > "v":
        raise ValueError("a customer id has 13 characters of 0-9 and a-v")
    value = int(text, 32)
    if not 0 < value < 1 << CUSTOMER_ID_BITS:
        raise ValueError("a customer id lies between 1 and 2**62 - 1")
    return CustomerId(value)


def derive_event_id(effective_ms: int, shop: str, cause: str, event_type: str, ordinal: int = 0) -> str:
    """A deterministic event id in UUID form (version 8): 48 bits of effective milliseconds, then a hash.

    The hash covers (shop, cause, type, ordinal), so that a rebuild derives the same ids again. Ids sort by
    effective time, which keeps index insertion local. Instants before 1970 are clamped to 0.
    """
    return stamped_event_id(event_stamp(effective_ms), shop, cause, event_type, ordinal)


def event_stamp(effective_ms: int) -> str:
    """The part of a derived id that tells when: one for all that takes effect at an instant."""
    stamp = "%012x" % (effective_ms & _STAMP_MASK if effective_ms > 0 else 0)  # an f-string takes twice as long
    return f"{stamp[:8]}-{stamp[8:]}-8"


def stamped_event_id(stamp: str, shop: str, cause: str, event_type: str, ordinal: int = 0) -> str:
    """As `derive_event_id`, with what `event_stamp` gave."""
    text = f"{shop}\x1f{cause}\x1f{event_type}\x1f{ordinal}"
    tail = hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
    # Version 8 (custom) replaces the first digit of the hash, the variant two bits of the fifth.
    return f"{stamp}{tail[1:4]}-{_VARIANTS[tail[4]]}{tail[5:8]}-{tail[8:]}"
