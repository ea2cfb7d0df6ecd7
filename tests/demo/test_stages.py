"""The demo's stages: counted from the topic as a marketing tool would, held against the oracle, told in lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec.structs import replace as changed
from rich.console import Console

from mandegar.demo import tables
from mandegar.demo.comparing import Comparison
from mandegar.demo.stages import compare, counted, rules_of, said_by_month
from mandegar.demo.story import CDNOW
from mandegar.listening import Heard, Listener, ListenError, Newest, as_json, as_text, of_shop, standing
from mandegar.recount import Purchase, Recount, cdnow_purchases
from mandegar.recount.arriving import figures_met
from mandegar.recount.shops import changes_of_shop, order_days
from mandegar.recount.stages import Change, ShopGaps, StageRules, month_counts
from mandegar.stack import Stack
from shared.contracts.envelope import encode
from shared.contracts.lifecycle import (
    CustomerLapsing,
    CustomerLost,
    CustomerReactivated,
    StageChange,
    StageChanged,
    StageRetracted,
    StageRetraction,
    Threshold,
)
from shared.contracts.shops import Lifecycle, Shop

FORMS = {"lapsing": CustomerLapsing, "lost": CustomerLost, "reactivated": CustomerReactivated}
TIME = datetime(1998, 1, 1, tzinfo=UTC)
SHOP = Shop(number=1, slug="cdnow", name="CDNOW")


def told(changes: Mapping[str, list[Change]], shop: str = "cdnow") -> list[bytes]:
    """The events that a right platform publishes."""
    return [
        encode(event_of(customer, number, change, shop))
        for customer, own in changes.items()
        for number, change in enumerate(own, start=1)
    ]


def event_of(customer: str, number: int, change: Change, shop: str = "cdnow") -> StageChanged:
    passed = change.patience
    threshold = None
    if passed is not None:
        threshold = Threshold(days=passed.days, kind="personal" if passed.personal else "fixed")
    data = StageChange(
        customer=customer, number=number, previous=change.previous, stage=change.stage,
        day=date.fromordinal(change.day), reason=change.reason, last_active=None, days=None,
        threshold=threshold, window_days=365,
    )  # fmt: skip
    form = FORMS.get(change.stage, StageChanged)
    return form(id=f"{customer}-{number}", source="x", subject=customer, time=TIME, shop=shop, data=data)  # type: ignore[return-value] # one of four alike


def retraction_of(customer: str, number: int, shop: str = "cdnow") -> bytes:
    data = StageRetraction(
        customer=customer, retracts=f"{customer}-{number}", number=number, stage="lost",
        day=date(1998, 1, 1), reason="late_order",
    )  # fmt: skip
    return encode(
        StageRetracted(id=f"r-{customer}-{number}", source="x", subject=customer, time=TIME, shop=shop, data=data)
    )


@pytest.fixture(scope="module")
def small() -> dict[str, list[Change]]:
    """Every hundredth customer of the real log."""
    recount = cdnow_purchases(CDNOW, "cdnow")
    orders = {customer: days for customer, days in order_days(recount, "cdnow").items() if int(customer) % 100 == 0}
    return changes_of_shop(orders, StageRules(lost_days=180), date(1999, 1, 1).toordinal())


def test_events_of_a_right_platform_agree_in_every_month_and_every_history(small: dict[str, list[Change]]) -> None:
    comparison = Comparison()
    answers = compare(standing(told(small), "cdnow"), small, comparison)
    assert not comparison.differences
    assert comparison.figures == len(answers) * 5 + len(small) + 1
    assert [answer[1]["month"] for answer in answers] == sorted(month_counts(small.values(), date(1998, 12, 31)))
    output = StringIO()
    Console(file=output, width=100).print(tables.months(answers))
    assert "1998-12" in output.getvalue()
    assert "≠" not in output.getvalue()
    assert max(len(line) for line in output.getvalue().splitlines()) <= 100


def test_a_change_that_is_missing_or_another_is_found(small: dict[str, list[Change]]) -> None:
    customer = next(name for name, own in small.items() if len(own) >= 3)
    events = told(small)
    without = [event for event in events if json.loads(event)["id"] != f"{customer}-2"]
    wrong = {**small, customer: [*small[customer][:-1], small[customer][-1]._replace(day=small[customer][-1].day - 1)]}
    for values in (without, told(wrong)):
        comparison = Comparison()
        compare(standing(values, "cdnow"), small, comparison)
        assert any(f"history of customer {customer}" in line for line in comparison.differences)


def test_what_was_taken_back_and_other_shops_and_repetitions_do_not_count(small: dict[str, list[Change]]) -> None:
    customer = next(iter(small))
    untrue = event_of(customer, 99, Change(date(1998, 1, 1).toordinal(), "lapsing", "lost", "window"))
    values = [*told(small), encode(untrue), *told(small)[:5], *told(small, shop="other")]
    assert standing(values, "cdnow").changes != standing(told(small), "cdnow").changes
    values.append(retraction_of(customer, 99))
    for order in (values, values[::-1]):
        found = standing(order, "cdnow")
        assert found.changes == standing(told(small), "cdnow").changes
        assert found.retractions == 1
    assert said_by_month(standing(values, "cdnow")) == {
        month: dict(stages) for month, stages in month_counts(small.values(), date(1998, 12, 31)).items()
    }


def lying(partition: int, number: int, kind: str, day: int, customer: str = "") -> tuple[int, bytes]:
    """An event of `orders.v1`; a clock stands at the start of its day of January 1997, an order in its course."""
    event: dict[str, object] = {"id": f"{partition}-{number}", "type": kind, "shop": "cdnow"}
    if kind == "clock.advanced":
        event["data"] = {"until": f"1997-01-{day:02}T00:00:00Z"}
    else:
        event |= {"time": f"1997-01-{day:02}T12:00:00Z", "data": {"customer": customer}}
    return partition, json.dumps(event).encode()


def test_an_order_meets_the_figure_that_its_partition_froze_last() -> None:
    done, clock = "order.completed", "clock.advanced"
    came = [
        lying(0, 1, clock, 1), lying(0, 2, done, 1, "a"), lying(0, 3, done, 4, "a"), lying(1, 1, done, 9, "x"),
        lying(0, 4, clock, 5), lying(0, 5, done, 6, "b"), lying(0, 4, clock, 5), lying(0, 6, done, 6, "b"),
        lying(0, 7, done, 11, "a"), lying(0, 8, clock, 7), lying(0, 9, done, 11, "a"), lying(0, 10, done, 12, "b"),
    ]  # fmt: skip
    january = date(1996, 12, 31).toordinal()
    met = figures_met(came, "cdnow", "UTC", 80)
    one, two = (ShopGaps(1, 3, 1, 3), january + 5), (ShopGaps(2, 7, 1, 3), january + 7)
    none = ShopGaps(), january + 1
    assert met["a"] == {january + 1: none, january + 4: none, january + 11: one}
    assert met["b"] == {january + 6: one, january + 12: two}
    assert met["x"] == {january + 9: (ShopGaps(), None)}


def test_customers_are_counted_by_the_figures_that_they_met() -> None:
    days = [date(1997, 1, 1), date(1997, 1, 3)]
    rows = [Purchase("cdnow", name, day, "USD", 1) for name in ("1", "2") for day in days]
    surrogates = {"1": "one", "2": "two"}
    shop = Shop(number=1, slug="cdnow", name="x", lifecycle=Lifecycle(lapsing_floor=1))
    figure, nothing = (ShopGaps(20, 9, 20, 9), days[0].toordinal()), (ShopGaps(), None)
    met = {name: {day.toordinal(): seen for day in days} for name, seen in (("one", figure), ("two", nothing))}
    truth = counted(Recount(rows), shop, surrogates, met)
    passed = {name: [change.days for change in own if change.days] for name, own in truth.items()}
    assert passed == {"one": [8], "two": [90]}  # (1 * 2 + 3 * 9) / 4 = 7.25


def test_settings_of_a_shop_become_rules() -> None:
    lifecycle = Lifecycle(
        lost_days=1, onboarding_days=2, lapsing="fixed", lapsing_days=3, lapsing_floor=4, lapsing_quantile=5,
        activity="either",
    )  # fmt: skip
    assert rules_of(lifecycle) == StageRules(1, 2, False, 3, 4, 5, "either")
    assert rules_of(Lifecycle()) == StageRules()


LAPSED = StageChange(
    customer="1k9d0v3mq7c2e", number=3, previous="active", stage="lapsing", day=date(1998, 2, 10), reason="threshold",
    last_active=date(1998, 1, 1), days=40, window_days=365,
    threshold=Threshold(days=40, kind="personal", own_gaps=8, own_gap_days=35, shop_gaps=5120, shop_gap_days=50),
)  # fmt: skip


def line_of(data: StageChange) -> str:
    form = FORMS.get(data.stage, StageChanged)
    return as_text(encode(form(id="i", source="x", subject="s", time=TIME, shop="cdnow", data=data)))


def test_a_line_says_who_when_and_why() -> None:
    head = "1998-02-10  cdnow  1k9d0v3mq7c2e  "
    since = "active → lapsing: silent for 40 days since 1998-01-01; "
    assert line_of(LAPSED) == head + since + "expected within 40 (8 own gaps of 35 days, 5,120 of the shop of 50)"
    fixed = changed(LAPSED, threshold=Threshold(days=40, kind="fixed"), late=True)
    assert line_of(fixed) == head + since + "the shop waits 40; learnt late"
    lost = changed(LAPSED, previous="lapsing", stage="lost", reason="window")
    assert line_of(lost) == head + "lapsing → lost: no order for 365 days"
    back = changed(LAPSED, previous="lost", stage="reactivated", reason="order")
    assert line_of(back) == head + "lost → reactivated: an order"
    assert as_text(retraction_of("c", 1)) == "1998-01-01  cdnow  c  taken back: lost (an earlier order came late)"


def test_json_is_one_event_a_line() -> None:
    value = retraction_of("c", 1)
    assert json.loads(as_json(value)) == json.loads(value)
    assert "\n" not in as_json(value)
    assert of_shop(value, "cdnow") is of_shop(value, None) is True
    assert not of_shop(value, "other")


def test_the_newest_few_are_kept_in_their_order() -> None:
    newest = Newest(3, lambda value: value != b"no")
    for at in (5, 1, 9, 7, 3):
        newest.hear(Heard(at, 0, at, str(at).encode()))
    newest.hear(Heard(10, 0, 10, b"no"))
    assert newest.values() == [b"5", b"7", b"9"]
    nothing = Newest(0)
    nothing.hear(Heard(1, 0, 1, b"1"))
    assert nothing.values() == []


@pytest.mark.stack
async def test_a_listener_hears_what_stands_in_a_topic_and_then_what_arrives(stack: Stack) -> None:
    servers = stack.bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("listened.v1", 3, 1)])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    try:
        for number in range(40):
            await producer.send_and_wait("listened.v1", str(number).encode(), key=str(number).encode())
        async with Listener(servers, "listened.v1") as listener:
            history = [heard async for heard in listener.history(limit_s=30)]
            assert sorted(int(heard.value) for heard in history) == list(range(40))
            await producer.send_and_wait("listened.v1", b"40")
            later = [heard.value async for heard in listener.follow(seconds=1.0)]
            assert later == [b"40"]
    finally:
        await producer.stop()
    with pytest.raises(ListenError, match=r"no-such-topic"):
        async with Listener(servers, "no-such-topic.v1"):
            pass
