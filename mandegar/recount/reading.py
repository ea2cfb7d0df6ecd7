"""Lines of events, as shops send them or as they pass between services, in one plain form. Standard library only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

FUTURE = timedelta(minutes=5)
AMOUNTS = ("revenue", "subtotal", "total")
_THREE_DIGITS = {"KWD", "BHD", "OMR", "JOD", "TND"}
_NO_DIGITS = {"IRR", "JPY", "KRW", "VND", "CLP"}
_KINDS = {"order completed", "order updated", "order cancelled", "order refunded"}
_INSIDE = {f"order.{verb}": f"order {verb}" for verb in ("completed", "updated", "cancelled", "refunded")}


@dataclass(frozen=True)
class ShopRules:
    """What must be known of a shop to judge its events."""

    zone: str
    currency: str
    phone_prefix: str = "1"
    """Country code for phones that are written without one."""
    calendar: str = "gregorian"
    closing_days: int = 3
    """A month of the calendar closes for the books so many days after its end."""


@dataclass(frozen=True)
class OrderEvent:
    """One usable event of an order; `data` is the payload of the raw form."""

    shop: str
    event_id: str
    kind: str
    moment: datetime
    received: datetime | None
    data: dict[str, Any]

    @property
    def rank(self) -> tuple[datetime, int, str]:
        """Events of an order sort by it: at the same instant a cancellation comes before all else."""
        return self.moment, int(self.kind != "order cancelled"), self.event_id


class Minor(int):
    """An amount that is in minor units already."""


def read(line: bytes | str, shops: dict[str, ShopRules], now: datetime) -> OrderEvent | None:
    """The event of a line, or None where nothing may count: malformed, of an unknown shop, or from the future."""
    try:
        event = json.loads(line, parse_float=Decimal)
        kind, data = event["type"].strip().lower(), event["data"]
        if kind in _INSIDE:
            kind, data = _INSIDE[kind], _as_sent(data)
        moment = datetime.fromisoformat(event["time"])
        received = event.get("receivedat")
        if kind not in _KINDS or event["shop"] not in shops or moment > now + FUTURE or data["order_id"] in ("", None):
            return None
        currency = data.get("currency") or shops[event["shop"]].currency
        for name in (*AMOUNTS, "refund_amount"):
            if data.get(name) is not None:
                minor(data[name], currency)
        if kind in ("order completed", "order updated") and all(data.get(name) is None for name in AMOUNTS):
            return None
        told = datetime.fromisoformat(received) if received else None
        return OrderEvent(event["shop"], event["id"], kind, moment, told, data)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None


def _as_sent(data: dict[str, Any]) -> dict[str, Any]:
    """The payload of an event between services as a shop would have put it; amounts stay in minor units."""
    sent = {name: data[name] for name in ("order_id", "currency", "refund_id") if data.get(name) is not None}
    sent["surrogate"] = data.get("customer")
    if data.get("revenue") is not None:
        sent["revenue"] = Minor(data["revenue"])
    if data.get("amount") is not None:
        sent["refund_amount"] = Minor(data["amount"])
    sent["products"] = [{"line_id": line["line_id"], "quantity": line["quantity"]} for line in data.get("lines", [])]
    sent["refunded_items"] = [{**item, "amount": Minor(item.get("amount", 0))} for item in data.get("items", [])]
    return sent


def minor(amount: Any, currency: str) -> tuple[int, str]:
    """Minor units and the currency they are of; Toman is ten rials. Raises ValueError or ArithmeticError."""
    if len(currency) != 3 or not currency.isalpha():
        raise ValueError("no currency")
    if isinstance(amount, Minor):
        return int(amount), currency
    value = Decimal(str(amount))
    if not value.is_finite() or value < 0:
        raise ValueError("no amount of money")
    if currency == "IRT":
        value, currency = value * 10, "IRR"
    digits = 3 if currency in _THREE_DIGITS else 0 if currency in _NO_DIGITS else 2
    units = int((value * 10**digits).to_integral_value(ROUND_HALF_EVEN))
    if units > 10**15:
        raise ValueError("too much")
    return units, currency
