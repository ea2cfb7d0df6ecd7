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


def customer_id_text(customer: CustomerId) -> str:
    """The thirteen-character form, as events and URLs carry it."""
    value = int(customer)
    if not 0 < value < 1 << CUSTOMER_ID_BITS:
        raise ValueError("a customer id lies between 1 and 2**62 - 1")
    # oct() is C speed and 3 octal digits do not align with 5 bits, so go digit by digit over 13 fixed places.
    return "".join([_DIGITS[(value >> shift) & 31] for shift in range(60, -1, -5)])


def parse_customer_id(text: str) -> CustomerId:
    """The number behind the thirteen-character form.

    Raises ValueError when the text is not one that `customer_id_text` could have written.
    """
    if len(text) != _TEXT_LENGTH or not text.isascii() or not text.isalnum() or text != text.lower():
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
    stamp = max(0, effective_ms) & ((1 << 48) - 1)
    text = f"{shop}\x1f{cause}\x1f{event_type}\x1f{ordinal}"
    tail = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=10).digest(), "big")
    value = (stamp << 80) | tail
    value = (value & ~(0xF << 76)) | (8 << 76)  # version 8: custom
    value = (value & ~(0x3 << 62)) | (0x2 << 62)  # variant of RFC 9562
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
