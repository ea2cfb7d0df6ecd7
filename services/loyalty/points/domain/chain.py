"""The hash chain of an account: each entry's hash covers the one before, so none can be changed, left out or moved."""

from __future__ import annotations

from hashlib import blake2b
from struct import Struct

from services.loyalty.points.domain.model import Entry

values = Struct(">hqiiqqibbbiqiHHHH").pack
"""The values of an entry in their order, up to the day on which its lot expires; then how long its four texts are."""


def chained(head: bytes, fixed: bytes, texts: bytes) -> bytes:
    """The hash of an entry, given that of the entry before, its `values`, and its texts, one behind the other."""
    return blake2b(b"".join((head, fixed, texts)), digest_size=32).digest()


def next_head(head: bytes, entry: Entry) -> bytes:
    """The same, of an entry by itself."""
    texts = [text.encode() for text in (entry.cause, entry.source, entry.reason, entry.actor)]
    return chained(head, values(*entry.who, *entry[1:12], *map(len, texts)), b"".join(texts))
