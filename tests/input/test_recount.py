"""The recount: right on cases that can be counted by hand, and independent of what it checks."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import mandegar.recount
from mandegar.recount import Purchase, Recount, ShopRules, cdnow_purchases, purchases_of_events
from mandegar.replaying import Source
from tests.input.recording import rows_of

ROOT = Path(__file__).resolve().parents[2]
CDNOW = ROOT / "data" / "cdnow" / "CDNOW_master.txt.gz"
RULES = {"s": ShopRules("Asia/Tehran", "IRR", "98")}
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def test_it_shares_no_code_with_what_it_checks() -> None:
    for path in Path(mandegar.recount.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.split(".")[0] in ("services", "shared")], path
            assert not [n for n in names if n.startswith("mandegar") and not n.startswith("mandegar.recount")], path


def test_it_runs_without_the_platform_installed() -> None:
    check = (
        "import sys, mandegar.recount; sys.exit(any(m.split('.')[0] in ('shared', 'services') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False, timeout=60).returncode == 0


def test_the_cdnow_log_holds_what_its_readme_says() -> None:
    recount = cdnow_purchases(CDNOW, "cdnow")
    assert recount.totals() == (69_659, 23_570)
    query = "SELECT min(day), max(day), sum(net), count(*) FILTER (net = 0) FROM purchase"
    row = recount.connection.execute(query).fetchone()
    assert row == (date(1997, 1, 1), date(1998, 6, 30), 250_031_563, 80)


def test_the_replayed_cdnow_events_are_the_purchases_that_the_recount_reads() -> None:
    messages, bad = rows_of(Source(CDNOW, "cdnow", named={"amount": "dollar_value"}))
    assert not bad
    assert len({json.loads(message.value)["id"] for message in messages}) == 69_659
    from_events = Recount(
        purchases_of_events(
            (m.value for m in messages), {"cdnow": ShopRules("UTC", "USD")}, datetime(2026, 1, 1, tzinfo=UTC)
        )
    )
    from_file = cdnow_purchases(CDNOW, "cdnow")
    query = "SELECT right(customer, 5), day, currency, net FROM purchase ORDER BY ALL"
    assert from_events.connection.execute(query).fetchall() == from_file.connection.execute(query).fetchall()


def test_the_published_check_of_the_retention_rate_holds() -> None:
    # Twenty customers at the start, five new, one lost: 24 at the end and 95 percent retained.
    start, end = date(2024, 1, 31), date(2024, 2, 29)
    rows = [Purchase("s", f"old{n}", start - timedelta(days=5), "USD", 100) for n in range(20)]
    rows += [Purchase("s", f"old{n}", end - timedelta(days=9), "USD", 100) for n in range(19)]
    rows += [Purchase("s", f"new{n}", end, "USD", 100) for n in range(5)]
    answer = Recount(rows).retention("s", end, window=30, period=29, currency="USD")
    assert (answer["start"], answer["end"], answer["new"], answer["won_back"], answer["lost"]) == (20, 24, 5, 0, 1)
    assert answer["crr"] == pytest.approx(0.95)
    assert answer["churn"] == pytest.approx(0.05)


def test_windows_are_open_at_their_start_and_guests_count_in_money_only() -> None:
    day = date(2024, 3, 31)
    rows = [
        Purchase("s", "a", day - timedelta(days=30), "USD", 5),
        Purchase("s", "b", day - timedelta(days=29), "USD", 10),
        Purchase("s", "b", day, "EUR", 99),
        Purchase("s", None, day, "USD", 15),
        Purchase("other", "c", day, "USD", 1000),
    ]
    answer = Recount(rows).retention("s", day, window=30, period=30, loyal_over=1, currency="USD")
    assert (answer["held"], answer["repeat"], answer["loyal"], answer["lifetime_customers"]) == (1, 1, 1, 2)
    assert (answer["orders"], answer["revenue"]["amount"], answer["frequency"]) == (2, 25, 2.0)
    assert answer["aov"] == {"amount": 12, "currency": "USD", "numerator": 25, "denominator": 2}
    assert answer["lifetime_rpr"] == 0.5


def test_ratios_over_nobody_are_null() -> None:
    answer = Recount().retention("s", date(2024, 1, 1), window=30, period=30, currency="USD")
    assert [answer[name] for name in ("rpr", "rpr_all", "lcr", "aov", "frequency", "crr", "churn")] == [None] * 7
    assert answer["mature"] is False


def test_return_rates_take_same_day_orders_as_one_day() -> None:
    first = date(2024, 1, 1)
    rows = [Purchase("s", who, first, "USD", 1) for who in ("same", "same", "thirty", "late")]
    rows += [Purchase("s", "thirty", first + timedelta(days=30), "USD", 1)]
    rows += [
        Purchase("s", "late", first + timedelta(days=31), "USD", 1),
        Purchase("s", "young", date(2024, 2, 1), "USD", 1),
    ]
    answer = Recount(rows).return_rate("s", date(2024, 2, 29), days=30)
    assert (answer["customers"], answer["returned"]) == (3, 1)


def test_cohorts_count_customers_orders_and_money_by_month() -> None:
    rows = [
        Purchase("s", "a", date(2024, 1, 31), "USD", 1),
        Purchase("s", "a", date(2024, 2, 1), "USD", 2),
        Purchase("s", "a", date(2024, 2, 2), "EUR", 4),
        Purchase("s", "b", date(2024, 2, 2), "USD", 8),
    ]
    cells = Recount(rows).cohorts("s", date(2024, 2, 29), currency="USD")
    assert [tuple(cell) for cell in cells] == [
        (date(2024, 1, 1), 0, 1, 1, 1),
        (date(2024, 1, 1), 1, 1, 1, 2),
        (date(2024, 2, 1), 0, 1, 1, 8),
    ]


def event(number: int, kind: str, hour: int, **data: Any) -> str:
    base = {"id": f"e{number}", "type": kind, "shop": "s", "time": f"2024-03-01T{hour:02}:00:00Z"}
    full = {"order_id": 1, "currency": "IRT", **data}
    if kind != "Order Refunded":
        full = {"revenue": "10", "customer_id": "c", **full}
    return json.dumps({**base, "data": full})


def done(number: int, **data: Any) -> str:
    return event(number, "Order Completed", number, **data)


def refund(number: int, **data: Any) -> str:
    return event(number, "Order Refunded", number, **data)


LINES = [{"line_id": "a", "quantity": 2}]
FLAPS = ("Order Completed", "Order Cancelled", "Order Completed", "Order Cancelled", "order completed ")

# fmt: off
CASES: list[tuple[str, list[str], int | None]] = [
    ("completed",            [done(1)], 100),
    ("doubled",              [done(1), done(1)], 100),
    ("updated late",         [event(2, "Order Updated", 3, revenue=30), done(1)], 300),
    ("only updated",         [event(1, "Order Updated", 1)], None),
    ("cancelled",            [event(2, "Order Cancelled", 2), done(1)], None),
    ("completed again",      [event(number, kind, number) for number, kind in enumerate(FLAPS)], 100),
    ("tie",                  [done(1), event(2, "Order Cancelled", 1)], 100),
    ("refund first",         [refund(2, refund_amount=4), done(1)], 60),
    ("refund without id",    [done(1), refund(2, refund_amount=4), refund(3, refund_amount=4)], 60),
    ("two refunds",          [done(1), *[refund(n, refund_id=n, refund_amount=4) for n in (2, 3)]], 20),
    ("told otherwise later", [done(1), *[refund(n, refund_id=7, refund_amount=6 - n) for n in (2, 3)]], 70),
    ("other money back",     [done(1), refund(2, refund_id=1, refund_amount=4, currency="USD")], 100),
    ("bare refund",          [done(1), refund(2)], None),
    ("refunded, then raised", [done(1), refund(2, refund_amount=10), event(3, "Order Updated", 3, revenue=25)], 150),
    ("free",                 [done(1, revenue=0)], 0),
    ("every piece back",     [done(1, products=LINES), refund(2, refunded_items=[{**LINES[0], "amount": 1}])], None),
    ("one piece back",       [done(1, products=LINES), refund(2, refunded_items=[{**LINES[0], "quantity": 1}])], 100),
    ("not a number",         [done(1, revenue="NaN")], None),
]
# fmt: on


@pytest.mark.parametrize(("lines", "net"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_rules_of_orders(lines: list[str], net: int | None) -> None:
    for order in (lines, lines[::-1]):
        assert [p.net for p in purchases_of_events(order, RULES, NOW)] == ([] if net is None else [net])


def test_an_order_counts_on_the_shops_day_of_its_first_completion_and_nothing_counts_from_the_future() -> None:
    first = event(1, "Order Completed", 22)
    assert purchases_of_events([first, event(2, "Order Completed", 3)], RULES, NOW)[0].day == date(2024, 3, 1)
    assert purchases_of_events([first], RULES, NOW)[0].day == date(2024, 3, 2)
    assert purchases_of_events([first], RULES, datetime(2024, 3, 1, 21, tzinfo=UTC)) == []


def test_spellings_of_one_phone_are_one_customer() -> None:
    phones = ["+989121234567", "00989121234567", "09121234567", "۰۹۱۲۱۲۳۴۵۶۷", "9121234567"]
    lines = [
        json.dumps(json.loads(event(n, "Order Completed", 1, order_id=n, customer_id="null", phone=phone)))
        for n, phone in enumerate(phones)
    ]
    assert {p.customer for p in purchases_of_events(lines, RULES, NOW)} == {"phone:989121234567"}
