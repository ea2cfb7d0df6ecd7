"""The job that every contestant does, as a function of one order and of what is known of its customer. Only stdlib.

Held and repeat customers of four windows, orders and revenue, as signed changes of measures on days. It takes each
order once and a customer's orders by their days, as they lie on the topic; it knows of no refunds and no late orders.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import datetime
from typing import Any, NamedTuple

WINDOWS = (30, 90, 180, 365)
TOLD_EVERY = 500
"""Orders after which a contestant tells how many it has handled."""

Changes = dict[tuple[str, int], int]


class OrderSeen(NamedTuple):
    """What the job needs of an event."""

    order_id: str
    customer: str
    day: int
    revenue: int


def order_of(event: dict[str, Any]) -> OrderSeen:
    """The order in a decoded event."""
    data = event["data"]
    return OrderSeen(
        data["order_id"], data["customer"], datetime.fromisoformat(event["time"]).toordinal(), data["revenue"]
    )


def changes_of(last: int | None, before_last: int | None, day: int, revenue: int) -> Changes:
    """What one more order, not earlier than the last one, changes."""
    changes: Changes = {("orders", day): 1, ("revenue", day): revenue}

    def change(measure: str, at: int, by: int) -> None:
        changes[measure, at] = changes.get((measure, at), 0) + by

    for window in WINDOWS:
        if last is None:
            change(f"held{window}", day, 1)
            change(f"held{window}", day + window, -1)
            continue
        if day < last + window:
            change(f"held{window}", last + window, 1)
        else:
            change(f"held{window}", day, 1)
        change(f"held{window}", day + window, -1)
        if before_last is not None:
            stop = max(last, before_last + window)
            if stop > day:
                change(f"repeat{window}", stop, 1)
                change(f"repeat{window}", day, -1)
        if last + window > day:
            change(f"repeat{window}", day, 1)
            change(f"repeat{window}", last + window, -1)
    return changes


class Meter:
    """Counts what this process has handled, and tells it now and then on a line of its own."""

    def __init__(self) -> None:
        self.handled = 0
        self.started = 0.0
        self.ended = 0.0
        self._told = 0

    def begin(self) -> None:
        """The first event is here, if it is the first."""
        self.started = self.started or time.perf_counter()

    def add(self, orders: int) -> None:
        """So many more are handled."""
        self.handled += orders
        self.ended = time.perf_counter()
        if self.handled - self._told >= TOLD_EVERY:
            self._told = self.handled
            print(json.dumps({"handled": self.handled}), flush=True)

    def finish(self, *, ended: float = 0.0) -> None:
        """The last line of a contestant's output."""
        seconds = (ended or self.ended) - self.started if self.started else 0.0
        json.dump({"events": self.handled, "seconds": seconds}, sys.stdout)


def arguments(description: str | None) -> argparse.Namespace:
    """What every contestant is told."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--name", required=True, help="of the run: consumer group, result topic, schema")
    parser.add_argument("--state", required=True, help="directory of what the process keeps on disk")
    parser.add_argument("--database", required=True)
    parser.add_argument("--limit", type=int, default=0, help="end after so many orders; 0: when nothing comes any more")
    parser.add_argument("--save-seconds", type=float, default=5.0, help="between two checkpoints")
    return parser.parse_args()
