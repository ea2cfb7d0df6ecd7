"""Raw order events, as dirty as they come, to the purchases that count: the rules of orders read once more, plainly.

Everything is gathered first and judged at the end, order by order, so that lateness, repeats and shuffling cannot
matter. Standard library only.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from mandegar.recount.measures import Purchase
from mandegar.recount.people import person_of

_FUTURE = timedelta(minutes=5)
_THREE_DIGITS = {"KWD", "BHD", "OMR", "JOD", "TND"}
_NO_DIGITS = {"IRR", "JPY", "KRW", "VND", "CLP"}
_AMOUNTS = ("revenue", "subtotal", "total")
_KINDS = {"order completed", "order updated", "order cancelled", "order refunded"}


@dataclass(frozen=True)
class ShopRules:
    """What must be known of a shop to judge its events."""

    zone: str
    currency: str
    phone_prefix: str = "1"
    """Country code for phones that are written without one."""


@dataclass
class _Order:
    states: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)
    """Every completion, update and cancellation: (occurred, id, data)."""
    marks: list[tuple[datetime, int, str]] = field(default_factory=list)
    """Completions (1) and cancellations (0): at the same instant the completion is the later one."""
    refunds: dict[str, tuple[datetime, str, dict[str, Any]]] = field(default_factory=dict)
    """By refund id: when and by which event it was told, and what. Told twice with other content, the last holds."""


def purchases_of_events(lines: Iterable[bytes | str], shops: Mapping[str, ShopRules], now: datetime) -> list[Purchase]:
    """The counted purchases behind `lines` (JSON, one event each). What cannot be used is left out, as the rules say.

    `now` decides what lies in the future. Lines of unknown shops, malformed lines and future events count for nothing.
    """
    orders: dict[tuple[str, str], _Order] = defaultdict(_Order)
    seen: set[tuple[str, str]] = set()
    for line in lines:
        event = _usable(line, shops, now)
        if event is None or (event["shop"], event["id"]) in seen:
            continue
        seen.add((event["shop"], event["id"]))
        _gather(orders[event["shop"], str(event["data"]["order_id"])], event)
    return [
        purchase for (shop, _), order in orders.items() if (purchase := _judge(shop, shops[shop], order)) is not None
    ]


def _usable(line: bytes | str, shops: Mapping[str, ShopRules], now: datetime) -> dict[str, Any] | None:
    try:
        event = json.loads(line, parse_float=Decimal)
        kind = event["type"].strip().lower()
        moment = datetime.fromisoformat(event["time"])
        data = event["data"]
        if kind not in _KINDS or event["shop"] not in shops or moment > now + _FUTURE or data["order_id"] in ("", None):
            return None
        currency = data.get("currency") or shops[event["shop"]].currency
        for name in (*_AMOUNTS, "refund_amount"):
            if data.get(name) is not None:
                _minor(data[name], currency)
        if kind in ("order completed", "order updated") and all(data.get(name) is None for name in _AMOUNTS):
            return None
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None
    return {**event, "type": kind, "moment": moment}


def _gather(order: _Order, event: dict[str, Any]) -> None:
    moment, kind, data = event["moment"], event["type"], event["data"]
    if kind == "order refunded":
        refund, told = str(data.get("refund_id") or "full"), (moment, event["id"], data)
        order.refunds[refund] = max(told, order.refunds.get(refund, told), key=lambda one: one[:2])
        return
    order.states.append((moment, event["id"], data))
    if kind != "order updated":
        order.marks.append((moment, int(kind == "order completed"), event["id"]))


def _judge(shop: str, rules: ShopRules, order: _Order) -> Purchase | None:
    completions = [moment for moment, completed, _ in order.marks if completed]
    if not completions or not max(order.marks)[1]:
        return None
    # A cancellation may leave the amounts out; it then says nothing about the content of the order.
    told = [state for state in order.states if any(state[2].get(name) is not None for name in _AMOUNTS)]
    _, _, data = max(told, key=lambda state: state[:2])
    amount = next(data[name] for name in _AMOUNTS if data.get(name) is not None)
    revenue, currency = _minor(amount, data.get("currency") or rules.currency)
    refunded, whole = _refunded(order, data, revenue, rules)
    if whole:
        return None
    day: date = min(completions).astimezone(ZoneInfo(rules.zone)).date()
    return Purchase(shop, person_of(data, rules.phone_prefix), day, currency, max(0, revenue - refunded))


def _refunded(order: _Order, data: dict[str, Any], revenue: int, rules: ShopRules) -> tuple[int, bool]:
    """(minor units given back, whether all of the order came back)."""
    total, whole = 0, False
    paid_in = _minor(0, data.get("currency") or rules.currency)[1]
    back: dict[str, int] = defaultdict(int)
    for _, _, refund in order.refunds.values():
        currency = refund.get("currency") or data.get("currency") or rules.currency
        items = refund.get("refunded_items") or []
        for item in items:
            back[str(item["line_id"])] += int(item["quantity"])
        given = (
            [refund["refund_amount"]]
            if refund.get("refund_amount") is not None
            else [item.get("amount") or 0 for item in items]
        )
        whole = whole or not given
        amounts = [_minor(amount, currency) for amount in given]
        total += sum(units for units, of in amounts if of == paid_in)  # never added across currencies
    lines = {str(line["line_id"]): int(line.get("quantity", 1)) for line in data.get("products") or []}
    all_back = bool(lines) and all(back[line] >= quantity for line, quantity in lines.items())
    return total, whole or all_back or (bool(order.refunds) and total >= revenue)


def _minor(amount: Any, currency: str) -> tuple[int, str]:
    """Minor units and the currency they are of; Toman is ten rials. Raises ValueError or ArithmeticError."""
    value = Decimal(str(amount))
    if not value.is_finite() or value < 0 or len(currency) != 3 or not currency.isalpha():
        raise ValueError("no amount of money")
    if currency == "IRT":
        value, currency = value * 10, "IRR"
    digits = 3 if currency in _THREE_DIGITS else 0 if currency in _NO_DIGITS else 2
    units = int((value * 10**digits).to_integral_value(ROUND_HALF_EVEN))
    if units > 10**15:
        raise ValueError("too much")
    return units, currency
