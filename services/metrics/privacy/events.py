"""What metrics answers to `customer.erased`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.contracts.erasures import CustomerErased, ErasureAnswer, ErasureCompleted
from shared.kernel import derive_event_id

SERVICE = "metrics"


def completed(
    asked: CustomerErased, removed: Mapping[str, int], kept: Mapping[str, int], now: datetime, sequence: int
) -> ErasureCompleted:
    """What was removed, and what is kept: facts by surrogate id."""
    return ErasureCompleted(
        id=derive_event_id(int(asked.time.timestamp() * 1000), asked.shop, f"{SERVICE}/{asked.id}", "erasure"),
        source=f"mandegar/{SERVICE}",
        subject=asked.subject,
        time=now,
        shop=asked.shop,
        sequence=sequence,
        causationid=asked.id,
        correlationid=asked.data.erasure_id,
        receivedat=now,
        data=ErasureAnswer(erasure_id=asked.data.erasure_id, service=SERVICE, removed=dict(removed), kept=dict(kept)),
    )
