"""Order events, as dirty as they come, to the purchases that count and to the books: the rules of orders, plainly.

Everything is gathered first and judged at the end, order by order, so that lateness, repeats and shuffling cannot
matter. The books at a day are the same judgement, over the events booked by then. Standard library only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from mandegar.recount.books import Books, Posting, Spell
from mandegar.recount.calendars import booked_day
from mandegar.recount.measures import Purchase
from mandegar.recount.people import Pointers, person_of
from mandegar.recount.reading import AMOUNTS, OrderEvent, ShopRules, minor, read


@dataclass
class Order:
    """What is known of an order."""

    states: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)
    """Every completion, update and cancellation: (occurred, id, data)."""
    marks: list[tuple[datetime, int, str]] = field(default_factory=list)
    """Completions (1) and cancellations (0): at the same instant the completion is the later one."""
    refunds: dict[str, tuple[datetime, str, dict[str, Any]]] = field(default_factory=dict)
    """By refund id: when and by which event it was told, and what. Told twice with other content, the last holds."""


class Account(NamedTuple):
    """All that a stream of events comes to."""

    purchases: list[Purchase]
    """Restated: what counts in the end."""
    books: Books
    """Booked: what was taken down, when."""


def purchases_of_events(lines: Iterable[bytes | str], shops: Mapping[str, ShopRules], now: datetime) -> list[Purchase]:
    """The counted purchases behind `lines` (JSON, one event each). What cannot be used is left out, as the rules say.

    `now` decides what lies in the future. Lines of unknown shops, malformed lines and future events count for nothing.
    """
    return account_of_events(lines, shops, now).purchases


def account_of_events(lines: Iterable[bytes | str], shops: Mapping[str, ShopRules], now: datetime) -> Account:
    """The purchases behind `lines`, and the books: both from one pass.

    Lines are raw events or those of `orders.v1`; among these, events of `customers.v1` say who is merged into whom.
    """
    pointers = Pointers()
    orders: dict[tuple[str, str], list[OrderEvent]] = defaultdict(list)
    seen: set[tuple[str, str]] = set()
    for line in lines:
        event = read(line, dict(shops), now)
        if event is None:
            pointers.take(line)
            continue
        if (event.shop, event.event_id) in seen:
            continue
        seen.add((event.shop, event.event_id))
        orders[event.shop, str(event.data["order_id"])].append(event)
    purchases: list[Purchase] = []
    books = Books({shop: rules.calendar for shop, rules in shops.items()})
    for (shop, order_id), told in orders.items():
        whole = Order()
        events = [replace(event, data=pointers.counted(shop, event.data)) for event in told]
        for event in events:
            gather(whole, event)
        purchase = judge(shop, shops[shop], whole)
        if purchase is not None:
            purchases.append(purchase)
        _take_down(books, order_id, shops[shop], events)
    return Account(purchases, books)


def gather(order: Order, event: OrderEvent) -> None:
    """Take in one event, in any order."""
    moment, kind, data = event.moment, event.kind, event.data
    if kind == "order refunded":
        refund, told = str(data.get("refund_id") or "full"), (moment, event.event_id, data)
        order.refunds[refund] = max(told, order.refunds.get(refund, told), key=lambda one: one[:2])
        return
    order.states.append((moment, event.event_id, data))
    if kind != "order updated":
        order.marks.append((moment, int(kind == "order completed"), event.event_id))


def _take_down(books: Books, order_id: str, rules: ShopRules, events: list[OrderEvent]) -> None:
    """Judge the order anew after each event, in the order in which they are booked, and note what that changes."""
    zone = ZoneInfo(rules.zone)

    def booked(event: OrderEvent) -> date:
        received = None if event.received is None else event.received.astimezone(zone).date()
        return booked_day(event.moment.astimezone(zone).date(), received, rules.calendar, rules.closing_days)

    known = Order()
    before: Purchase | None = None
    start: date | None = None
    for day, event in sorted(((booked(event), event) for event in events), key=lambda one: (one[0], one[1].rank)):
        gather(known, event)
        after = judge(event.shop, rules, known)
        for standing, sign in ((before, -1), (after, 1)):
            if standing is not None:
                at = Posting(event.shop, order_id, standing.customer, day, standing.currency, sign, sign * standing.net)
                books.post(at)
        if before is not None and after is None:
            assert start is not None, "a standing order has begun to stand"
            books.stand(Spell(event.shop, order_id, before.customer, start, day))
        elif before is None and after is not None:
            start = day
        before = after
    if before is not None and start is not None:
        books.stand(Spell(before.shop, order_id, before.customer, start, None))


def judge(shop: str, rules: ShopRules, order: Order) -> Purchase | None:
    """What counts of the order by all that is known of it; None where nothing does."""
    completions = [moment for moment, completed, _ in order.marks if completed]
    if not completions or not max(order.marks)[1]:
        return None
    # A cancellation may leave the amounts out; it then says nothing about the content of the order.
    told = [state for state in order.states if any(state[2].get(name) is not None for name in AMOUNTS)]
    _, _, data = max(told, key=lambda state: state[:2])
    amount = next(data[name] for name in AMOUNTS if data.get(name) is not None)
    revenue, currency = minor(amount, data.get("currency") or rules.currency)
    refunded, whole = _refunded(order, data, revenue, rules)
    if whole:
        return None
    day: date = min(completions).astimezone(ZoneInfo(rules.zone)).date()
    return Purchase(shop, person_of(data, rules.phone_prefix), day, currency, max(0, revenue - refunded))


def _refunded(order: Order, data: dict[str, Any], revenue: int, rules: ShopRules) -> tuple[int, bool]:
    """(minor units given back, whether all of the order came back)."""
    total, whole = 0, False
    paid_in = minor(0, data.get("currency") or rules.currency)[1]
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
        amounts = [minor(amount, currency) for amount in given]
        total += sum(units for units, of in amounts if of == paid_in)  # never added across currencies
    lines = {str(line["line_id"]): int(line.get("quantity", 1)) for line in data.get("products") or []}
    all_back = bool(lines) and all(back[line] >= quantity for line, quantity in lines.items())
    return total, whole or all_back or (bool(order.refunds) and total >= revenue)
