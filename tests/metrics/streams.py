"""Dirty streams of order events with a plain recount: gather everything, judge each order at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from msgspec import UNSET

from services.metrics.counters import CounterSet, Generation
from services.metrics.orders import Fact, frame_of
from shared.contracts.envelope import Envelope
from shared.contracts.orders import (
    Order,
    OrderCancelled,
    OrderCompleted,
    OrderLine,
    OrderRefunded,
    OrderUpdated,
    Refund,
    RefundedItem,
)
from shared.contracts.shops import Shop
from shared.kernel import CustomerId, customer_id_text
from tests.metrics.histories import defined

START = datetime(2024, 1, 20, tzinfo=UTC)
NOW = datetime(2025, 6, 1, tzinfo=UTC)
SHOPS = (
    Shop(number=1, slug="demo", name="Demo", windows=(5, 30, 90)),
    Shop(number=2, slug="tehran", name="Tehran", zone="Asia/Tehran", currency="IRR", calendar="jalali", windows=(30,)),
    Shop(number=7, slug="havana", name="Havana", zone="America/Havana", windows=(5, 30, 90)),
)


@dataclass
class Story:
    """Makes events of shops, in the order in which they happened."""

    rng: Random
    customers: int = 12
    shops: Sequence[Shop] = SHOPS[:1]
    days: int = 200
    events: list[Envelope] = field(default_factory=list)
    number: int = 0

    def tell(self, orders: int, *, plain: bool = False) -> list[Envelope]:
        """So many orders and what becomes of them; `plain`: completions only."""
        for at in range(orders):
            self._order(f"o{at % max(1, orders)}", plain=plain)
        return self.events

    def _order(self, order_id: str, *, plain: bool) -> None:
        rng = self.rng
        shop = rng.choice(list(self.shops))
        moment = START + timedelta(seconds=rng.randrange(self.days * 86_400) // 900 * 900)
        order = self._content(order_id)
        self._say(OrderCompleted, shop, moment, order)
        if plain:
            return
        for _ in range(rng.choice((0, 0, 0, 1, 2, 4))):
            moment += timedelta(seconds=rng.choice((0, 0, 900, 90_000, 900_000)))
            kind = rng.randrange(7)
            if kind == 0:
                order = self._content(order_id)
                self._say(OrderUpdated, shop, moment, order)
            elif kind in (1, 2):
                self._say(OrderCancelled, shop, moment, order)
            elif kind == 3:
                self._say(OrderCompleted, shop, moment, order)
            else:
                self._refund(shop, moment, order)

    def _content(self, order_id: str) -> Order:
        rng = self.rng
        who = None if rng.random() < 0.1 else customer_id_text(CustomerId(1 + rng.randrange(self.customers) * 7))
        revenue = rng.choice((0, 1, 500, 10_000, 10**15 // 1000))
        lines = [OrderLine(line_id=f"l{at}", quantity=rng.randrange(1, 3)) for at in range(rng.choice((0, 0, 1, 2)))]
        return Order(order_id=order_id, customer=who, currency=rng.choice(("USD", "EUR")), revenue=revenue, lines=lines)

    def _refund(self, shop: Shop, moment: datetime, order: Order) -> None:
        rng = self.rng
        amount = rng.choice((None, 1, 400, order.revenue))
        items = [
            RefundedItem(line_id=line.line_id, quantity=rng.randrange(line.quantity + 1), amount=rng.choice((0, 7)))
            for line in order.lines
            if rng.random() < 0.7
        ]
        refund = Refund(
            order_id=order.order_id,
            customer=order.customer,
            refund_id=rng.choice(("full", "r1", "r2")),
            amount=amount,
            items=items,
            full=amount is None and not items,
        )
        self._say(OrderRefunded, shop, moment, refund)

    def _say(self, kind: type[Envelope], shop: Shop, moment: datetime, data: Order | Refund) -> None:
        self.number += 1
        late = timedelta(seconds=self.rng.choice((1, 1, 3600, 40 * 86_400)))
        self.events.append(
            kind(  # type: ignore[call-arg]  # each kind has data of its own
                id=f"{self.number * 2654435761 % 2**32:08x}-0000-8000-8000-{self.number:012x}",
                source="mandegar/gateway",
                subject=data.order_id,
                time=moment,
                shop=shop.slug,
                receivedat=UNSET if self.rng.random() < 0.2 else moment + late,
                data=data,
            )
        )


def facts_of(events: Iterable[Envelope], shop: Shop) -> list[Fact]:
    """The counted orders of a shop, read from all its events at once."""
    by_order: dict[str, list[Envelope]] = {}
    for event in {event.id: event for event in events}.values():
        if event.shop == shop.slug:
            by_order.setdefault(event.data.order_id, []).append(event)  # type: ignore[attr-defined]  # the union's members each have data of their own
    return [fact for told in by_order.values() if (fact := judge(told, ZoneInfo(shop.zone))) is not None]


def judge(told: list[Envelope], zone: ZoneInfo) -> Fact | None:
    completions = [event.time for event in told if isinstance(event, OrderCompleted)]
    marks = [event for event in told if isinstance(event, OrderCompleted | OrderCancelled)]
    if not completions or isinstance(
        max(marks, key=lambda event: (event.time, isinstance(event, OrderCompleted), event.id)), OrderCancelled
    ):
        return None
    last = max(
        (event for event in told if not isinstance(event, OrderRefunded)), key=lambda event: (event.time, event.id)
    )
    order: Order = last.data  # type: ignore[attr-defined]  # the union's members each have data of their own
    refunds: dict[str, Refund] = {}
    for event in sorted(told, key=lambda event: (event.time, event.id)):
        if isinstance(event, OrderRefunded):
            refunds[event.data.refund_id] = event.data
    given = sum(
        refund.amount if refund.amount is not None else sum(item.amount for item in refund.items)
        for refund in refunds.values()
    )
    back = Counter[str]()
    for refund in refunds.values():
        for item in refund.items:
            back[item.line_id] += item.quantity
    whole = (
        any(refund.amount is None and not refund.items for refund in refunds.values())
        or (bool(refunds) and given >= order.revenue)
        or (bool(refunds) and bool(order.lines) and all(back[line.line_id] >= line.quantity for line in order.lines))
    )
    if whole:
        return None
    day: date = min(completions).astimezone(zone).date()
    customer = 0 if order.customer is None else int(order.customer, 32)
    return Fact(customer, day.toordinal(), order.currency, max(0, order.revenue - given))


def counters_of(events: Iterable[Envelope], shop: Shop) -> dict[object, int]:
    """All counters of a shop by definition."""
    generation = Generation(CounterSet(shop.number, 1), shop.zone, shop.calendar, shop.windows, shop.loyal_over)
    return dict(defined(facts_of(list(events), shop), frame_of(generation)))
