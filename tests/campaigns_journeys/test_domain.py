"""What a journey may be, whom it is entered for, and chance: by tables."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.campaigns.journeys.domain.chance import drawn, is_held_out, share
from services.campaigns.journeys.domain.happening import Happening, means, passes
from services.campaigns.journeys.domain.journey import (
    Filter,
    Match,
    written,
)
from services.campaigns.journeys.domain.program import program_of
from services.campaigns.journeys.domain.reading import JourneyError, file_of, from_stored, read_journey, stored
from services.campaigns.journeys.domain.run import Around, Book, Mark, Past, hear
from services.campaigns.journeys.domain.waiting import next_time
from tests.campaigns_journeys.ground import CART, SEND
from tests.campaigns_journeys.happenings import HAND, NOW, a_run, happening


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [SEND, SEND]}, "steps"),
        ({"steps": [{**SEND, "kind": "shout"}]}, "steps.0.kind"),
        ({"steps": [{"kind": "wait", "id": "w", "minutes": 0}]}, "steps.0.minutes"),
        ({"steps": [{"kind": "wait", "id": "w", "minutes": "60"}]}, "steps.0.minutes"),
        ({"steps": [{"kind": "branch", "id": "b"}]}, "steps"),
        ({"steps": [{"kind": "split", "id": "s", "variants": [{"name": "a"}, {"name": "a"}]}]}, "steps"),
        ({"steps": [{"kind": "wait_until", "id": "w", "at": "25:00"}]}, "steps.0.at"),
        ({"trigger": {"kind": "event", "event": "order.complete"}}, "trigger.event"),
        ({"trigger": {"kind": "event", "event": "Product Added"}}, "trigger.event"),
        ({"trigger": {"kind": "date"}}, "trigger"),
        ({"key": "basket"}, "key"),
        ({"key": None}, "reentry"),
        ({"goal": [{"event": "order.gone"}]}, "events"),
        ({"goal": [{"event": "order.completed", "where": [{"field": "cart", "value": "x"}]}]}, "`order.completed`"),
        ({"goal": [{"event": "order.completed", "same": "cart"}]}, "`order.completed`"),
        ({"exits": [{"event": "order.completed", "where": [{"field": "order", "op": "at_least", "value": "x"}]}]},
         "`order.completed`"),
        ({"control_percent": 51}, "control_percent"),
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_could_not_run_is_refused_by_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(JourneyError) as caught:
        read_journey({**CART, **change})
    assert field in [one.field for one in caught.value.faults], str(caught.value)


def test_steps_that_are_too_many_or_too_deep_are_refused() -> None:
    many = [{**SEND, "id": f"s-{n}"} for n in range(201)]
    deep: list[Any] = [SEND]
    for n in range(12):
        deep = [{"kind": "wait_for", "id": f"w-{n}", "minutes": 1, "events": [{"event": "page read"}], "met": deep}]
    for steps in (many, deep):
        with pytest.raises(JourneyError, match="at most"):
            read_journey({**HAND, "steps": steps})


def test_a_journey_is_the_same_after_table_and_file() -> None:
    journey = read_journey(CART)
    assert from_stored(stored(journey)) == journey == read_journey(written(journey))
    assert file_of("cart", journey) == file_of("cart", read_journey(written(journey)))


@pytest.mark.parametrize(
    ("op", "value", "found", "expected"),
    [
        ("is", "shoes", "shoes", True),
        ("is", "shoes", None, False),
        ("is", 1, True, False),
        ("is_not", "shoes", "hats", True),
        ("is_not", "shoes", None, True),
        ("is_not", "shoes", "shoes", False),
        ("at_least", 5, 5, True),
        ("at_least", 5, 4, False),
        ("at_least", 5, None, False),
        ("at_most", 5, 5, True),
        ("at_most", 5, "5", False),
    ],
)
def test_fields_of_events_are_compared_by_kind(op: Any, value: Any, found: Any, expected: bool) -> None:
    fields = {} if found is None else {"a": found}
    assert passes(fields, [Filter(field="a", op=op, value=value)]) is expected


def test_an_event_may_have_to_be_of_the_same_thing() -> None:
    match = Match(event="product added", same="cart")
    assert means(match, happening("product added", cart="c-1"), "c-1")
    assert not means(match, happening("product added", cart="c-2"), "c-1")
    assert not means(match, happening("product added"), "")
    of_run = Match(event="message.sent", same="run")
    assert means(of_run, happening("message.sent", run="r-1"), "", "r-1")


def entered(change: dict[str, Any], book: Book, one: Happening, now: datetime = NOW) -> bool:
    program = program_of("cart", 1, read_journey({**CART, **change}))
    hear(book, one, Around("laleh", "Asia/Tehran", now, {("cart", 1): program}, [program]))
    return bool(book.entered)


def cart_of(cart: str = "c-1", *, at: datetime = NOW) -> Happening:
    return happening("product added", at=at, cause=f"added {cart}", cart=cart)


DAY = timedelta(days=1)
AFTER_DAYS = {"kind": "after_days", "days": 7}


@pytest.mark.parametrize(
    ("rule", "past", "running", "expected"),
    [
        ({"kind": "never"}, Past(), False, True),
        ({"kind": "never"}, Past(NOW - 900 * DAY), False, False),
        ({"kind": "after_end"}, Past(NOW - DAY), False, True),
        ({"kind": "after_end"}, Past(NOW - DAY), True, False),
        (AFTER_DAYS, Past(NOW - 6 * DAY), False, False),
        (AFTER_DAYS, Past(NOW - 7 * DAY), False, True),
        (AFTER_DAYS, Past(NOW - 9 * DAY), True, False),
        ({"kind": "per_key"}, Past(NOW - DAY, frozenset({"c-1"})), False, False),
        ({"kind": "per_key"}, Past(NOW - DAY, frozenset({"c-2"})), True, True),
    ],
)
def test_re_entry_is_as_configured(rule: dict[str, Any], past: Past, running: bool, expected: bool) -> None:
    other = a_run(program_of("cart", 1, read_journey(CART)).first, key="c-9")
    book = Book({other.id: other} if running else {}, {"cart": past})
    assert entered({"reentry": rule}, book, cart_of()) is expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (cart_of(), True),
        (cart_of(at=NOW - 24 * timedelta(hours=1)), True),
        (cart_of(at=NOW - 25 * timedelta(hours=1)), False),
        (cart_of()._replace(origin="backfill"), False),
        (happening("product added"), False),
        (happening("product removed", cart="c-1"), False),
        (cart_of()._replace(journey="other"), False),
    ],
)
def test_a_trigger_is_live_fresh_and_says_what_the_run_is_for(one: Happening, expected: bool) -> None:
    assert entered({}, Book({}), one) is expected


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        (Mark(NOW, "order 1"), True),
        (Mark(NOW + DAY, "order 1"), False),
        (Mark(NOW - timedelta(seconds=1), "order 1"), True),
        (Mark(NOW, "added c-1"), True),
    ],
)
def test_a_goal_that_was_reached_after_the_trigger_but_heard_before_keeps_a_run_from_beginning(
    mark: Mark, expected: bool
) -> None:
    assert entered({}, Book({}, marks={("cart", ""): mark}), cart_of()) is expected


def test_what_a_goal_is_remembered_for_is_what_runs_would_be_for() -> None:
    book, of_cart = Book({}), {"goal": [{"event": "order.completed", "same": "checkout"}]}
    entered(of_cart, book, happening("order.completed", at=NOW + DAY, cause="o-1", checkout="c-1"))
    assert book.marked == {("cart", "c-1")}
    assert not entered(of_cart, book, cart_of("c-1"))
    assert entered(of_cart, book, cart_of("c-2"))


def test_splits_are_even_agree_with_replays_and_differ_by_step() -> None:
    counted = Counter(drawn("j", "s", f"c-{n}", [1, 3]) for n in range(8_000))
    assert 1_850 < counted[0] < 2_150
    assert [share("j", "s", f"c-{n}") for n in range(50)] == [share("j", "s", f"c-{n}") for n in range(50)]
    both = sum(drawn("j", "s", f"c-{n}", [1, 1]) == drawn("j", "t", f"c-{n}", [1, 1]) for n in range(4_000))
    assert 1_850 < both < 2_150, "of two splits neither tells of the other"
    assert share("welcome", "ab", "1k5f0q2v9a3bd") == pytest.approx(SHARE)
    assert sum(is_held_out("j", f"c-{n}", 10) for n in range(10_000)) == pytest.approx(1_000, abs=100)
    assert not any(is_held_out("j", f"c-{n}", 0) for n in range(1_000))


SHARE = 0xD3C3259BB54E738A / 2**64
"""By the command `sha256sum`: the first 8 bytes of sha256("welcome\\x1fab\\x1f1k5f0q2v9a3bd"), as a fraction."""


@pytest.mark.parametrize(
    ("at", "weekdays", "now", "zone", "expected"),
    [
        ("10:00", (), "2026-03-01T06:30:00", "Asia/Tehran", "2026-03-01T06:30:00"),
        ("10:00", (), "2026-03-01T06:30:01", "Asia/Tehran", "2026-03-02T06:30:00"),
        ("09:00", (4,), "2026-03-01T00:00:00", "UTC", "2026-03-06T09:00:00"),
        ("09:00", (6,), "2026-03-01T09:00:01", "UTC", "2026-03-08T09:00:00"),
        # Berlin's clocks skip from two to three on 29 March 2026, and show two to three twice on 25 October.
        ("02:30", (), "2026-03-28T12:00:00", "Europe/Berlin", "2026-03-29T01:30:00"),
        ("02:30", (), "2026-10-24T12:00:00", "Europe/Berlin", "2026-10-25T00:30:00"),
        ("02:30", (), "2026-10-25T00:45:00", "Europe/Berlin", "2026-10-26T01:30:00"),
        # Beirut's skip from midnight to one.
        ("00:00", (), "2026-03-28T12:00:00", "Asia/Beirut", "2026-03-28T22:00:00"),
    ],
)
def test_a_time_of_the_day_is_the_shops_also_where_clocks_change(
    at: str, weekdays: tuple[int, ...], now: str, zone: str, expected: str
) -> None:
    found = next_time(at, weekdays, datetime.fromisoformat(now).replace(tzinfo=UTC), zone)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
