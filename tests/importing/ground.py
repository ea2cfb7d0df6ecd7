"""Ground for the tests of imports: files as shops write them, and the events that they give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from mandegar.importing import Mapping, Plan, RefusedRow, orders_of, plan_of
from mandegar.replaying import BadRow, Message
from shared.contracts.raw_orders import RawOrderEvent


def written(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    """A file of these lines."""
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
    return path


def planned(path: Path, *, zone: str = "UTC", currency: str = "USD", **given: Any) -> Plan:
    """Its plan, for a shop `laleh`."""
    return plan_of(path, "laleh", Mapping(**given), zone=zone, currency=currency, origin="backfill")


def entries(plan: Plan) -> tuple[list[Message], list[RefusedRow]]:
    """Messages and refusals apart."""
    messages: list[Message] = []
    refused: list[RefusedRow] = []
    for entry in orders_of(plan):
        if isinstance(entry, BadRow):
            refused.append(entry)
        else:
            messages.append(entry)
    return messages, refused


def events(plan: Plan) -> list[RawOrderEvent]:
    """The events of a file in which every row is good."""
    messages, refused = entries(plan)
    assert not refused
    return [msgspec.json.decode(message.value, type=RawOrderEvent) for message in messages]
