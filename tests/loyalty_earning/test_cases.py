"""What orders earn, case by case: the rules in play, the order, and the points of each rule with its verdict."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.loyalty.earning import GivenBack, Line, Returned, entitlement, limits_of, reasons_of, used_before
from services.loyalty.programmes import Programme
from tests.loyalty_earning.ground import RATE, TIERS, context, fixed, micros, order, programme, rule

TEA = Line("1", 2, 2_000, "tea", category="چای")
CUP = Line("2", 1, 5_000, "cup", category="Cups", brand="Zarin")
BOTH = (TEA, CUP)
TEA_ONLY = {"kind": "category", "names": ["چاي"]}
"""As an Arabic keyboard types it."""
FRIDAY = {"kind": "weekdays", "days": ["fri"]}
MONDAY = {"kind": "weekdays", "days": ["mon"]}


def both_rates(stacking: str) -> Programme:
    return programme(rule(), rule("tea", {"kind": "rate", "points": 3, "per": 100}, when=TEA_ONLY), stacking=stacking)


CASES: list[tuple[str, Programme, dict[str, Any], dict[str, Any], dict[str, int]]] = [
    ("a point for each euro, rounded down", programme(), {"revenue": 1_099}, {}, {"base": 10}),
    ("rounded up", programme(rounding="up"), {"revenue": 1_001}, {}, {"base": 11}),
    ("a half is rounded up", programme(rounding="half_up"), {"revenue": 1_050}, {}, {"base": 11}),
    ("a half is rounded to even", programme(rounding="half_even"), {"revenue": 1_050}, {}, {"base": 10}),
    ("another currency earns nothing", programme(), {"revenue": 1_000, "currency": "USD"}, {}, {}),
    (
        "a rule may name another currency",
        programme(rule("dollars", RATE | {"currency": "USD"})),
        {"revenue": 1_000, "currency": "USD"},
        {},
        {"dollars": 10},
    ),
    ("tiers multiply", programme(tiers=TIERS), {"revenue": 1_050}, {"tier": "gold"}, {"base": 15}),
    (
        "a rule that does not mind tiers",
        programme(rule(by_tier=False), tiers=TIERS),
        {"revenue": 1_050},
        {"tier": "gold"},
        {"base": 10},
    ),
    (
        "a tier that is no more multiplies by one",
        programme(tiers=TIERS),
        {"revenue": 500},
        {"tier": "iron"},
        {"base": 5},
    ),
    ("a line's category, folded", both_rates("sum"), {"revenue": 9_000, "lines": BOTH}, {}, {"base": 90, "tea": 120}),
    ("the best on each line", both_rates("best"), {"revenue": 9_000, "lines": BOTH}, {}, {"base": 50, "tea": 120}),
    ("the first on each line", both_rates("first"), {"revenue": 9_000, "lines": BOTH}, {}, {"base": 90}),
    (
        "the best of fixed points is added to what lines earn",
        programme(rule(), rule("a", fixed(5)), rule("b", fixed(7)), stacking="best"),
        {"revenue": 900},
        {},
        {"base": 9, "b": 7},
    ),
    (
        "pieces",
        programme(rule("cups", {"kind": "piece", "points": 4})),
        {"revenue": 9_000, "lines": BOTH},
        {},
        {"cups": 12},
    ),
    (
        "products by SKU or id",
        programme(rule("cup", fixed(9), when={"kind": "product", "ids": ["cup", "tea-9"]})),
        {"revenue": 9_000, "lines": BOTH},
        {},
        {"cup": 9},
    ),
    (
        "a brand",
        programme(rule(when={"kind": "brand", "names": ["ZARIN"]})),
        {"revenue": 9_000, "lines": BOTH},
        {},
        {"base": 50},
    ),
    (
        "all but a category",
        programme(rule(when={"kind": "not", "that": TEA_ONLY})),
        {"revenue": 9_000, "lines": BOTH},
        {},
        {"base": 50},
    ),
    (
        "a channel",
        programme(rule(when={"kind": "channel", "names": ["App"]})),
        {"revenue": 900, "channel": "app"},
        {},
        {"base": 9},
    ),
    ("no channel told", programme(rule(when={"kind": "channel", "names": ["App"]})), {"revenue": 900}, {}, {}),
    ("spend enough", programme(rule(when={"kind": "spend", "least": 900})), {"revenue": 900}, {}, {"base": 9}),
    ("spend too little", programme(rule(when={"kind": "spend", "least": 901})), {"revenue": 900}, {}, {}),
    ("on Fridays", programme(rule(when=FRIDAY)), {"revenue": 900}, {}, {"base": 9}),
    ("not on Mondays", programme(rule(when=MONDAY)), {"revenue": 900}, {}, {}),
    ("either of two", programme(rule(when={"kind": "any", "of": [MONDAY, FRIDAY]})), {"revenue": 900}, {}, {"base": 9}),
    ("both of two", programme(rule(when={"kind": "all", "of": [FRIDAY, MONDAY]})), {"revenue": 900}, {}, {}),
    (
        "hours end before their end",
        programme(rule(when={"kind": "hours", "since": "10:00", "until": "12:00"})),
        {"revenue": 900},
        {},
        {},
    ),
    (
        "hours by the shop's clocks",
        programme(rule(when={"kind": "hours", "since": "12:00", "until": "12:01"})),
        {"revenue": 900},
        {},
        {"base": 9},
    ),
    (
        "hours past midnight",
        programme(rule(when={"kind": "hours", "since": "23:00", "until": "12:01"})),
        {"revenue": 900},
        {},
        {"base": 9},
    ),
    (
        "days, the last included",
        programme(rule(when={"kind": "dates", "until": "2026-03-20"})),
        {"revenue": 900},
        {},
        {"base": 9},
    ),
    ("days, over", programme(rule(when={"kind": "dates", "until": "2026-03-19"})), {"revenue": 900}, {}, {}),
    (
        "a segment",
        programme(rule(when={"kind": "segment", "names": ["VIP"]})),
        {"revenue": 900},
        {"segments": ("vip",)},
        {"base": 9},
    ),
    ("the third order", programme(rule(when={"kind": "nth", "at": 3})), {"revenue": 900}, {"number": 3}, {"base": 9}),
    (
        "every third order",
        programme(rule(when={"kind": "nth", "every": 3})),
        {"revenue": 900},
        {"number": 6},
        {"base": 9},
    ),
    ("not every third", programme(rule(when={"kind": "nth", "every": 3})), {"revenue": 900}, {"number": 4}, {}),
    (
        "the first two",
        programme(rule(when={"kind": "first", "count": 2})),
        {"revenue": 900},
        {"number": 2},
        {"base": 9},
    ),
    (
        "one of the tiers",
        programme(rule(when={"kind": "tier", "ids": ["gold"]}), tiers=TIERS),
        {"revenue": 200},
        {"tier": "gold"},
        {"base": 3},
    ),
    (
        "a cap trims",
        programme(rule(caps=[{"points": 7, "per": "day"}])),
        {"revenue": 900},
        {"used": {"base:day": 2}},
        {"base": 5},
    ),
    ("a cap rejects", programme(rule(caps=[{"points": 7, "per": "day", "over": "reject"}])), {"revenue": 900}, {}, {}),
    (
        "a cap of all rules is filled in their order",
        programme(rule(), rule("more", fixed(9)), caps=[{"points": 12, "per": "month"}]),
        {"revenue": 900},
        {},
        {"base": 9, "more": 3},
    ),
    (
        "a cap of all rules rejects all",
        programme(rule(), rule("more", fixed(9)), caps=[{"points": 12, "per": "month", "over": "reject"}]),
        {"revenue": 900},
        {},
        {},
    ),
    (
        "no posting is larger than it may be",
        programme(rule(earn={"kind": "rate", "points": 1_000, "per": 1})),
        {"revenue": 10**9},
        {},
        {"base": 10**9},
    ),
    ("a cancelled order", programme(), {"revenue": 900, "stands": False}, {}, {}),
    ("a free order earns what is fixed", programme(rule("thanks", fixed(5))), {"revenue": 0}, {}, {"thanks": 5}),
    (
        "an interaction earns by its own rules only",
        programme(rule(), rule("review", fixed(20), on={"kind": "interaction", "names": ["Product Reviewed"]})),
        {"revenue": 0, "interaction": "product reviewed", "currency": ""},
        {},
        {"review": 20},
    ),
]


@pytest.mark.parametrize(("name", "rules", "told", "beside", "expected"), CASES, ids=[case[0] for case in CASES])
def test_points_by_rule(
    name: str, rules: Programme, told: dict[str, Any], beside: dict[str, Any], expected: dict[str, int]
) -> None:
    told = {**told}
    purchase = order(told.pop("revenue"), *told.pop("lines", ()), **told)
    assert entitlement(purchase, rules, context(**beside)).by_rule() == expected


REFUNDS = [
    ("a line", (GivenBack(4_000, items=(Returned("1", 2, 4_000),)),), {"2": 50}),
    ("a piece of a line", (GivenBack(2_000, items=(Returned("1", 1),)),), {"1": 20, "2": 50}),
    ("pieces one by one", (GivenBack(None, items=(Returned("1", 1),)),) * 2, {"2": 50}),
    ("money without a line", (GivenBack(900),), {"1": 36, "2": 45}),
    ("less than a point", (GivenBack(99),), {"1": 40, "2": 50}),
    ("money beside a line", (GivenBack(6_500, items=(Returned("1", 2, 4_000),)),), {"2": 25}),
    ("money in another currency", (GivenBack(9_000, "USD"),), {"1": 40, "2": 50}),
    ("a line that nobody knows", (GivenBack(900, items=(Returned("9", 1, 900),)),), {"1": 40, "2": 50}),
    ("all of it", (GivenBack(None, whole=True),), {}),
    ("all the money", (GivenBack(4_000), GivenBack(5_000)), {}),
    ("all the money, told of one line", (GivenBack(9_000, items=(Returned("1", 2, 9_000),)),), {}),
    ("all the pieces", (GivenBack(None, items=(Returned("1", 2), Returned("2", 1))),), {}),
]


@pytest.mark.parametrize(("name", "refunds", "expected"), REFUNDS, ids=[case[0] for case in REFUNDS])
def test_a_refund_takes_back_line_by_line(name: str, refunds: tuple[GivenBack, ...], expected: dict[str, int]) -> None:
    found = entitlement(order(9_000, *BOTH, refunds=refunds), programme(), context())
    assert {line: points for (_, line), points in found.by_line().items()} == expected
    assert found.earned == 90


def test_a_discount_on_the_order_is_taken_from_its_lines_in_proportion() -> None:
    found = entitlement(order(8_100, *BOTH), programme(), context())
    assert found.by_line() == {("base", "1"): 36, ("base", "2"): 45}


def test_largest_remainders_part_points_so_that_none_is_lost() -> None:
    thirds = [Line(str(number), 1, 1_000) for number in range(3)]
    found = entitlement(order(3_000, *thirds), programme(rule("thanks", fixed(10))), context())
    assert found.by_line() == {("thanks", "0"): 4, ("thanks", "1"): 3, ("thanks", "2"): 3}
    assert entitlement(order(3_000, *reversed(thirds)), programme(rule("thanks", fixed(10))), context()) == found


def test_caps_are_counted_by_rule_and_by_all_together() -> None:
    rules = programme(
        rule(caps=[{"points": 7, "per": "day"}, {"points": 9, "per": "order"}]),
        rule("more", fixed(1)),
        caps=[{"points": 12, "per": "month"}],
    )
    limits = limits_of(rules)
    assert [limit.key for limit in limits] == [":month", "base:day"]
    assert used_before(limits, {("base", "day"): 2, ("base", "month"): 3, ("more", "month"): 4}) == {
        ":month": 7,
        "base:day": 2,
    }


def test_every_outcome_says_why() -> None:
    rules = programme(
        rule(caps=[{"points": 12, "per": "day"}]),
        rule("monday", fixed(5), when=MONDAY),
        rule("welcome", fixed(5), when={"kind": "first", "count": 1}),
        tiers=TIERS,
    )
    purchase = order(1_055, refunds=(GivenBack(528),))
    beside = context(tier="gold", used={"base:day": 2}, number=4)
    said = reasons_of(entitlement(purchase, rules, beside), rules, beside.number)
    assert [(one.rule, one.text) for one in said] == [
        (
            "base",
            "1 for each 1.00 EUR of 10.55 EUR. 150 % by tier. 15.825 rounded down to 15. "
            "At most 12 a day by this rule, 2 earned before: 10 of 15. 5 taken back for what came back; 5 are left.",
        ),
        ("monday", "No points: it was another day of the week."),
        ("welcome", "No points: it is the customer's number 4."),
    ]


def test_who_is_outdone_is_told_by_whom() -> None:
    found = entitlement(order(9_000, TEA), both_rates("best"), context())
    assert [(one.rule, one.verdict, one.outdone_by) for one in found.outcomes] == [
        ("base", "outdone", "tea"),
        ("tea", "counted", ""),
    ]


@pytest.mark.parametrize(
    ("at", "earns"),
    [
        (datetime(2026, 3, 19, 20, 29, tzinfo=UTC), False),
        (datetime(2026, 3, 19, 20, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 20, 20, 29, tzinfo=UTC), True),
        (datetime(2026, 3, 20, 20, 30, tzinfo=UTC), False),
    ],
)
def test_a_day_is_the_shops_own(at: datetime, earns: bool) -> None:
    friday = entitlement(order(900, at=micros(at)), programme(rule(when=FRIDAY)), context())
    assert bool(friday.points) is earns
