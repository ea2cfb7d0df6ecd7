"""Lifecycle events as lines: for people, and as JSON for programs. Pure."""

from __future__ import annotations

import json

from mandegar.listening.standing import DECODER
from shared.contracts.lifecycle import LifecycleEvent, StageChange, StageRetracted, Threshold

_REASONS = {
    "order": "an order",
    "visit": "a visit",
    "onboarded": "the first days are over",
    "threshold": "silent for {days} days since {since}",
    "window": "no order for {window} days",
}
_RETRACTED = {
    "late_order": "an earlier order came late",
    "order_gone": "an order counts no more",
    "order_moved": "an order lies on another day",
    "merged": "somebody is one person with another customer",
    "unmerged": "a merge was undone",
    "settings": "the shop's settings changed",
}


def as_json(value: bytes) -> str:
    """The event as it lies on the topic, on one line."""
    return json.dumps(json.loads(value), ensure_ascii=False, separators=(",", ":"))


def as_text(value: bytes) -> str:
    """Day, shop, customer, what became of them, and why. Raises msgspec.MsgspecError for what is no such event."""
    event: LifecycleEvent = DECODER.decode(value)
    data = event.data
    head = f"{data.day}  {event.shop}  {data.customer}  "
    if isinstance(event, StageRetracted):
        return f"{head}taken back: {event.data.stage} ({_RETRACTED[event.data.reason]})"
    change = event.data
    reason = _REASONS[change.reason].format(days=change.days, since=change.last_active, window=change.window_days)
    threshold = f"; {_threshold(change)}" if change.stage == "lapsing" and change.threshold else ""
    late = "; learnt late" if change.late else ""
    return f"{head}{change.previous} → {change.stage}: {reason}{threshold}{late}"


def _threshold(change: StageChange) -> str:
    threshold = change.threshold
    assert isinstance(threshold, Threshold)
    if threshold.kind == "fixed":
        return f"the shop waits {threshold.days}"
    own = f"{threshold.own_gaps} own gaps of {threshold.own_gap_days} days, " if threshold.own_gaps else ""
    return f"expected within {threshold.days} ({own}{threshold.shop_gaps:,} of the shop of {threshold.shop_gap_days})"
