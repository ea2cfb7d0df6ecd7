"""Stages by brute force, against dates worked out by hand: each rule, and each tie between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest

from mandegar.recount import Purchase, Recount
from mandegar.recount.crowds import changes_of_crowd
from mandegar.recount.shops import changes_of_shop, frozen_figures, order_days
from mandegar.recount.stages import (
    Patience,
    ShopGaps,
    StageRules,
    changes_of,
    month_counts,
    nearest_rank,
    patience,
    stage_at,
)

Row = tuple[str, dict[str, Any], Sequence[int], Sequence[int], int, str]
PersonalRow = tuple[str, dict[str, Any], Sequence[int], Sequence[int], dict[int, ShopGaps], int, int]

RULES = StageRules(lost_days=30, onboarding_days=10, personal=False, lapsing_days=20)
OWN = StageRules(lost_days=90, onboarding_days=10, personal=True, lapsing_days=20, floor=7, quantile=80)
SHOP = {0: ShopGaps(25, 12, 20, 9)}

ONE = "100 new order, 110 active onboarded, 120 lapsing threshold, 130 lost window"
BACK = "100 new order, 110 active onboarded, 120 lapsing threshold, 130 lost window, "
LAPSED = "100 new order, 110 active onboarded, 120 lapsing threshold, "

# name, rules, order days, visit days, end, changes
# fmt: off
CASES: list[Row] = [
    ("one order and silence",               {}, [100], [], 500, ONE),
    ("the day before onboarding is over",   {}, [100], [], 109, "100 new order"),
    ("the day on which it is over",         {}, [100], [], 110, "100 new order, 110 active onboarded"),
    ("the day before the threshold",        {}, [100], [], 119, "100 new order, 110 active onboarded"),
    ("the day before the window's end",     {}, [100], [], 129, LAPSED[:-2]),
    ("nobody",                              {}, [], [], 500, ""),
    ("an order after the end",              {}, [501], [], 500, ""),
    ("two orders on the first day",         {}, [100, 100], [], 119, "100 new order, 100 active order"),
    ("three orders on the first day",       {}, [100] * 3, [], 119, "100 new order, 100 active order"),
    ("a second order while new",            {}, [100, 105], [], 124, "100 new order, 105 active order"),
    ("its silence counts from the second",  {}, [100, 105], [], 125,
     "100 new order, 105 active order, 125 lapsing threshold"),
    ("an order on the last onboarding day", {}, [100, 109], [], 120, "100 new order, 109 active order"),
    ("an order on the day of onboarded",    {}, [100, 110], [], 129, "100 new order, 110 active onboarded"),
    ("an order of the active",              {}, [100, 119], [], 138, "100 new order, 110 active onboarded"),
    ("the threshold after it",              {}, [100, 119], [], 139,
     "100 new order, 110 active onboarded, 139 lapsing threshold"),
    ("an order on the threshold day",       {}, [100, 120], [], 139, LAPSED + "120 active order"),
    ("an order of the lapsing",             {}, [100, 129], [], 148, LAPSED + "129 active order"),
    ("an order on the window's last day",   {}, [100, 130], [], 139, BACK + "130 reactivated order"),
    ("twice on the day of coming back",     {}, [100, 130, 130], [], 149,
     BACK + "130 reactivated order, 130 active order"),
    ("back long after, and onboarded",      {}, [100, 140], [], 159,
     BACK + "140 reactivated order, 150 active onboarded"),
    ("back, and a second order",            {}, [100, 140, 145], [], 164,
     BACK + "140 reactivated order, 145 active order"),
    ("back and away again",                 {}, [100, 140], [], 170,
     BACK + "140 reactivated order, 150 active onboarded, 160 lapsing threshold, 170 lost window"),
    ("lapsing beats onboarded",             {"onboarding_days": 20}, [100], [], 125,
     "100 new order, 120 lapsing threshold"),
    ("who lapsed is onboarded no more",     {"onboarding_days": 25}, [100], [], 130,
     "100 new order, 120 lapsing threshold, 130 lost window"),
    ("lost beats lapsing",                  {"lapsing_days": 30}, [100], [], 200,
     "100 new order, 110 active onboarded, 130 lost window"),
    ("lost beats onboarded",                {"onboarding_days": 30, "lapsing_days": 50}, [100], [], 200,
     "100 new order, 130 lost window"),
    ("a threshold beyond the window",       {"lapsing_days": 31}, [100], [], 200,
     "100 new order, 110 active onboarded, 130 lost window"),
    ("a window of one day",                 {"lost_days": 1}, [100, 101], [], 102,
     "100 new order, 101 lost window, 101 reactivated order, 102 lost window"),
    ("the order in which days are told",    {}, [140, 100], [], 149, BACK + "140 reactivated order"),
    ("visits where orders decide",          {}, [100], [105, 125], 500, ONE),
    ("visits without an order",             {"activity": "visits"}, [], [100, 150], 500, ""),
    ("visits decide and there is none",     {"activity": "visits"}, [100], [], 500, ONE),
    ("a visit puts lapsing off",            {"activity": "visits", "lost_days": 60}, [100], [115], 135,
     "100 new order, 110 active onboarded, 135 lapsing threshold"),
    ("nobody lapses before they came",      {"activity": "visits"}, [100], [50], 120, LAPSED[:-2]),
    ("an order that changes nothing",       {"activity": "visits", "lost_days": 60}, [100, 115], [105], 125,
     "100 new order, 110 active onboarded, 125 lapsing threshold"),
    ("an order that ends lapsing counts",   {"activity": "visits", "lost_days": 60}, [100, 128], [105], 148,
     "100 new order, 110 active onboarded, 125 lapsing threshold, 128 active order, 148 lapsing threshold"),
    ("a visit ends lapsing",                {"activity": "visits", "lost_days": 60}, [100], [122], 160,
     LAPSED + "122 active visit, 142 lapsing threshold, 160 lost window"),
    ("a visit on the day of lapsing",       {"activity": "visits", "lost_days": 60}, [100], [120], 139,
     LAPSED + "120 active visit"),
    ("lost goes by orders only",            {"activity": "visits"}, [100], [115, 125], 500,
     "100 new order, 110 active onboarded, 130 lost window"),
    ("a visit of the lost changes nothing", {"activity": "visits"}, [100], [135], 500, ONE),
    ("a visit of the new changes nothing",  {"activity": "visits"}, [100], [105], 124,
     "100 new order, 110 active onboarded"),
    ("either: the later one counts",        {"activity": "either", "lost_days": 60}, [100, 112], [105], 132,
     "100 new order, 110 active onboarded, 132 lapsing threshold"),
    ("either: a visit puts lapsing off",    {"activity": "either", "lost_days": 60}, [100], [115], 135,
     "100 new order, 110 active onboarded, 135 lapsing threshold"),
    ("either: a visit ends lapsing",        {"activity": "either", "lost_days": 60}, [100], [125], 145,
     LAPSED + "125 active visit, 145 lapsing threshold"),
    ("on one day orders come first",        {"activity": "either"}, [100, 120], [120], 139,
     LAPSED + "120 active order"),
]

# name, rules, order days, visit days, shop, day of lapsing, threshold
PERSONAL: list[PersonalRow] = [
    ("the shop's first gaps for one order",  {}, [100], [], SHOP, 109, 9),
    ("a same-day order makes no gap",        {}, [100, 100], [], SHOP, 109, 9),
    ("one own gap: a quarter own",           {}, [100, 104], [], SHOP, 114, 10),       # (4 + 36) / 4
    ("a fraction is rounded up",             {}, [100, 105], [], SHOP, 116, 11),       # (5 + 36) / 4 = 10.25
    ("two own gaps",                         {}, [100, 104, 109], [], SHOP, 119, 10),  # (2 * 5 + 36) / 5 = 9.2
    ("the floor",                            {}, [100, 102], [], {0: ShopGaps(25, 3, 20, 3)}, 109, 7),
    ("the floor for one order",              {}, [100], [], {0: ShopGaps(25, 3, 20, 3)}, 107, 7),
    ("another floor",                        {"floor": 15}, [100, 104], [], SHOP, 119, 15),
    ("too few first gaps of the shop",       {}, [100], [], {0: ShopGaps(30, 12, 19, 9)}, 120, 20),
    ("too few gaps of the shop",             {}, [100, 104], [], {0: ShopGaps(19, 12, 19, 9)}, 124, 20),
    ("no figure yet",                        {}, [100], [], {101: ShopGaps(25, 12, 20, 9)}, 120, 20),
    ("the figure of the day itself",         {}, [100], [], {90: ShopGaps(25, 12, 20, 5), 100: SHOP[0]}, 109, 9),
    ("a later figure changes nothing",       {}, [100], [], {**SHOP, 101: ShopGaps(25, 50, 25, 50)}, 109, 9),
    ("the next order takes the new figure",  {}, [100, 104], [], {**SHOP, 103: ShopGaps(25, 24, 20, 9)}, 123, 19),
    ("nearest rank of five",                 {}, [100, 101, 103, 106, 110, 120], [], SHOP, 127, 7),  # (20 + 36) / 8
    ("the median",                           {"quantile": 50}, [100, 101, 103, 109], [], SHOP, 116, 7),  # (6 + 36) / 6
    ("the twenty newest gaps",               {"floor": 1}, [1, 30, 59, 79, *range(80, 101)], [], SHOP, 103, 3),
    ("gaps of visits",                       {"activity": "visits"}, [100], [102, 106], SHOP, 116, 10),
    ("no gaps of orders among visits",       {"activity": "visits"}, [100, 105], [106], SHOP, 115, 9),
    ("visits from before the first order",   {"activity": "visits"}, [100], [92, 96], SHOP, 110, 10),
    ("gaps of either",                       {"activity": "either"}, [100, 110], [104], SHOP, 120, 10),  # 48 / 5 = 9.6
]
# fmt: on


@pytest.mark.parametrize("row", CASES, ids=[row[0] for row in CASES])
def test_stages_change_on_the_days_worked_out_by_hand(row: Row) -> None:
    _, rules, orders, visits, end, told = row
    changes = changes_of(orders, visits, replace(RULES, **rules), {}, end)
    assert ", ".join(f"{change.day} {change.stage} {change.reason}" for change in changes) == told
    assert [change.previous for change in changes] == ["prospect", *[change.stage for change in changes]][
        : len(changes)
    ]


@pytest.mark.parametrize("row", PERSONAL, ids=[row[0] for row in PERSONAL])
def test_personal_thresholds_are_those_worked_out_by_hand(row: PersonalRow) -> None:
    _, rules, orders, visits, shop, day, days = row
    lapsing = [change for change in changes_of(orders, visits, replace(OWN, **rules), shop, 300) if change.days]
    assert (lapsing[-1].day, lapsing[-1].days, lapsing[-1].stage) == (day, days, "lapsing")


def test_a_threshold_names_its_evidence() -> None:
    assert patience(OWN, [100, 104, 109], SHOP[0], 88) == Patience(10, True, 2, 5, 25, 12, 88)
    assert patience(OWN, [100], SHOP[0], 88) == Patience(9, True, 0, None, 20, 9, 88)
    assert patience(replace(OWN, personal=False), [100], SHOP[0], 88) == Patience(20, False)


@pytest.mark.parametrize(
    ("values", "percent", "found"),
    [([], 80, None), ([7], 1, 7), ([7], 99, 7), ([1, 2, 3, 4, 5], 80, 4), ([1, 2, 3, 4, 5], 81, 5), ([1, 2], 50, 1)],
)
def test_the_nearest_rank_is_a_value_that_occurs(values: list[int], percent: int, found: int | None) -> None:
    assert nearest_rank(values, percent) == found


def test_the_stage_of_a_day_is_that_of_its_end() -> None:
    changes = changes_of([100, 130], [], RULES, {}, 139)
    days = {99: "prospect", 100: "new", 109: "new", 110: "active", 120: "lapsing", 129: "lapsing", 130: "reactivated"}
    assert {day: stage_at(changes, day) for day in days} == days


def test_whoever_ordered_within_the_window_is_held_and_nobody_else() -> None:
    rng = Random(5)
    for _ in range(300):
        orders = [rng.randint(1, 120) for _ in range(rng.randint(1, 6))]
        visits = [rng.randint(1, 120) for _ in range(rng.randint(0, 6))]
        activity = rng.choice(("orders", "visits", "either"))
        rules = replace(RULES, lost_days=rng.randint(1, 40), lapsing_days=rng.randint(1, 40), activity=activity)
        changes = changes_of(orders, visits, rules, {}, 160)
        for day in range(1, 161):
            held = any(day - rules.lost_days < order <= day for order in orders)
            assert (stage_at(changes, day) not in ("prospect", "lost")) == held


def test_the_shops_figure_of_a_day_knows_the_gaps_that_ended_before_it() -> None:
    orders = {"a": [1, 1, 4, 9], "b": [2, 9], "c": [5]}
    frozen = frozen_figures(orders, 50, 1, 10)
    assert frozen[4] == ShopGaps(0, None, 0, None)
    assert frozen[5] == frozen[9] == ShopGaps(1, 3, 1, 3)
    assert frozen[10] == ShopGaps(3, 5, 2, 3)  # gaps 3, 5 and 7; first ones 3 and 7


def test_each_partition_has_a_figure_of_its_own() -> None:
    many = {f"c{number}": [1, 3] for number in range(20)} | {f"d{number}": [1, 13] for number in range(20)}
    rules = replace(OWN, floor=1)
    whole = changes_of_shop({**many, "late": [20]}, rules, 60)
    apart = changes_of_shop({**many, "late": [20]}, rules, 60, partition_of=lambda customer: customer[0] in "dl")
    assert [change.days for change in whole["late"] if change.days] == [12]
    assert [change.days for change in apart["late"] if change.days] == [12]
    other = changes_of_shop({**many, "late": [20]}, rules, 60, partition_of=lambda customer: customer[0] in "cl")
    assert [change.days for change in other["late"] if change.days] == [2]


def test_a_crowd_is_walked_as_each_of_it_alone() -> None:
    rng, personal = Random(11), 0
    for _ in range(12):
        orders = {
            f"c{number}": sorted(rng.randint(1, 200) for _ in range(rng.choice((1, 2, 3, 9, 30))))
            for number in range(60)
        }
        rules = StageRules(
            lost_days=rng.choice((1, 20, 45, 90)),
            onboarding_days=rng.choice((1, 10, 30)),
            personal=rng.random() < 0.7,
            lapsing_days=rng.choice((5, 20, 50)),
            floor=rng.choice((1, 7)),
            quantile=rng.choice((50, 80)),
        )
        frozen = frozen_figures(orders, rules.quantile, rng.choice((1, 90)), 240) if rng.random() < 0.8 else {}
        alone = {customer: changes_of(days, [], rules, frozen, 240) for customer, days in orders.items()}
        assert changes_of_crowd(orders, rules, frozen, 240) == alone
        personal += sum(bool(c.patience and c.patience.personal) for own in alone.values() for c in own)
    assert personal > 100


def test_changes_are_counted_by_month_up_to_a_day() -> None:
    first = date(2024, 1, 20).toordinal()
    changes = [changes_of([first], [], RULES, {}, first + 60), changes_of([first + 1], [], RULES, {}, first + 60)]
    assert {month: dict(counts) for month, counts in month_counts(changes).items()} == {
        "2024-01": {"new": 2, "active": 2},
        "2024-02": {"lapsing": 2, "lost": 2},
    }
    assert month_counts(changes, date(2024, 2, 19))["2024-02"] == {"lapsing": 2, "lost": 1}


def test_order_days_are_read_from_purchases_and_guests_are_nobody() -> None:
    rows = [Purchase("s", who, date(2024, 1, day), "USD", 1) for who, day in (("a", 3), ("a", 1), ("a", 1), (None, 2))]
    start = date(2023, 12, 31).toordinal()
    assert order_days(Recount([*rows, Purchase("t", "b", date(2024, 1, 1), "USD", 1)]), "s") == {
        "a": [start + 1, start + 1, start + 3]
    }
