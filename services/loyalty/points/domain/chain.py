"""The hash chain of an account: each entry's hash covers the one before, so none can be changed, left out or moved."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct

from services.loyalty.points.domain.model import Entry

_FIXED = Struct(">hqiiqqibbbiqiHHHH").pack


def chained(head: bytes, fixed: Sequence[int], texts: Sequence[bytes]) -> bytes:
    """The hash of an entry, given that of the entry before and its values in order; texts as UTF-8."""
    parts = (head, _FIXED(*fixed, *map(len, texts)), *texts)
    return blake2b(b"".join(parts), digest_size=32).digest()


def next_head(head: bytes, entry: Entry) -> bytes:
    """The hash of an entry, given that of the entry before."""
    texts = (entry.cause, entry.source, entry.reason, entry.actor)
    return chained(head, (*entry.who, *entry[1:12]), [text.encode() for text in texts])
