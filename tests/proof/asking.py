"""Questions at random days, put to metrics over HTTP and to the truth: how much was compared, and what differs."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from random import Random
from typing import Any

import asyncpg
import httpx
from persiantools.jdatetime import JalaliDate
from prometheus_client import CollectorRegistry

from mandegar.recount.calendars import month_start, next_month
from mandegar.recount.stages import stage_at
from services.metrics.cohorts.api import router as cohorts_router
from services.metrics.lifecycle.api.customer import router as customer_router
from services.metrics.lifecycle.api.customers import router as customers_router
from services.metrics.lifecycle.api.stages import router as stages_router
from services.metrics.retention.api.customers import router as lists_router
from services.metrics.retention.api.routes import router as retention_router
from shared.kernel import Clock, api_key_sha256, api_key_text
from shared.settings import PlatformSettings
from shared.testing import api_url
from shared.testing.harness import TEST_SECRET
from shared.testing.http import client
from shared.web import create_app
from tests.proof.truth import Truth

STAGES = ("new", "active", "lapsing", "reactivated", "lost")
BEHIND = {
    **{name: name for name in ("held", "start", "new", "won_back", "lost", "repeat", "loyal", "lifetime")},
    "end": "held",
    "lifetime_repeat": "lifetime_repeat",
}
"""Lists that go with window and period, and what the recount calls them."""
ROUTERS = (retention_router, lists_router, cohorts_router, stages_router, customers_router, customer_router)


class Found:
    """Counts what was compared, and keeps what differs."""

    def __init__(self) -> None:
        self.compared = 0
        self.different: list[str] = []
        self.passed = 0
        """Thresholds that were passed, by the truth."""
        self.other_evidence = 0
        """Of those, how many are told with another number of days (each by the table and by an event)."""

    def compare(self, name: str, said: Any, true: Any) -> None:
        """One number, or one list."""
        self.compared += 1
        if said == true:
            return
        if isinstance(said, list) and isinstance(true, list):
            said, true = [one for one in said if one not in true], [one for one in true if one not in said]
            self.different.append(f"{name}: untrue {said!r}, missing {true!r}"[:600])
        else:
            self.different.append(f"{name}: {said!r} ≠ {true!r}"[:400])

    def judge(self, seed: str, least: int) -> None:
        """Print how it came out, and fail where it must."""
        others = f"{self.passed:,} thresholds passed, {self.other_evidence / 2:,.0f} with the evidence of before"
        print(f"seed {seed}: {self.compared:,} compared, {len(self.different)} differ; {others}")
        assert self.compared > least
        assert not self.different, f"seed {seed}: {len(self.different)} of {self.compared}: {self.different[:8]}"
        assert self.other_evidence <= 0.04 * self.passed + 4

    def compare_all(self, name: str, said: dict[str, Any], true: dict[str, Any]) -> None:
        """All fields that the truth has."""
        for key, value in true.items():
            self.compare(f"{name} {key}", said[key], value)


@asynccontextmanager
async def asked_as(
    pool: asyncpg.Pool[Any], database_url: str, number: int, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole API of metrics with a key of the shop; `pool` is of its schema."""
    key_id = f"{number:018x}"
    text = api_key_text(key_id, Random(number).randbytes(32))
    await pool.execute(
        "INSERT INTO api_key (key_id, shop, sha256, scopes) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        *(key_id, number, api_key_sha256(text), ["metrics:read"]),
    )
    settings = PlatformSettings.load(
        kafka_bootstrap_servers="127.0.0.1:1", database_url=api_url(database_url, "metrics"), secret_key=TEST_SECRET
    )
    app = create_app("metrics", settings, ROUTERS, clock=clock, registry=CollectorRegistry())
    async with client(app, key=text) as asked:
        yield asked


class Questions:
    """What is asked of one shop."""

    def __init__(self, asked: httpx.AsyncClient, truth: Truth, rng: Random, found: Found) -> None:
        self._asked, self._truth, self._rng, self._found = asked, truth, rng, found
        self._slug = truth.shop.slug
        days = [posting.day for books in truth.books.values() for posting in books.postings]
        self._first, self._last = min(days), min(max(days) + timedelta(days=90), date.fromordinal(truth.end))
        self._currencies = sorted({purchase.currency for purchase in truth.purchases})

    def _day(self) -> date:
        return self._first + timedelta(days=self._rng.randint(-3, (self._last - self._first).days))

    async def measures(self, questions: int) -> None:
        """Every measure on both bases: counted and scanned windows, periods shorter and longer; who is behind one."""
        rng, shop = self._rng, self._truth.shop
        for number in range(questions):
            window = rng.choice(shop.windows) if number % 3 else rng.randint(1, 200)
            period = rng.choice((*shop.periods, rng.randint(1, window))) if number % 2 else rng.randint(1, 250)
            loyal, currency, day = rng.choice((shop.loyal_over, 1, 3)), rng.choice(self._currencies), self._day()
            question = {"as_of": day, "window_days": window, "period_days": period, "loyal_over": loyal}
            for basis, books in self._truth.books.items():
                asked = question | {"basis": basis, "currency": currency}
                true = books.retention(
                    shop.slug, day, window=window, period=period, loyal_over=loyal, currency=currency
                )
                name = f"{self._slug} {basis} {day} W={window} P={period} k={loyal} {currency}"
                self._found.compare_all(name, await self._get("/v1/retention", **asked), true)
                behind = books.customers(shop.slug, day, window=window, period=period, loyal_over=loyal)
                del asked["as_of"]
                for of in rng.sample(sorted(BEHIND), 2):
                    await self._list(name, day, behind[BEHIND[of]], of=of, **asked)

    async def return_rates(self, questions: int) -> None:
        """How many came back in time, and who they are."""
        for _ in range(questions):
            day = self._day()
            for basis, books in self._truth.books.items():
                answer = await self._get("/v1/retention/return-rates", as_of=day, basis=basis)
                for rate in answer["rates"]:
                    name = f"{self._slug} {basis} {day} return"
                    self._found.compare_all(name, rate, books.return_rate(self._slug, day, days=rate["days"]))
                days = self._rng.choice((30, 60, 90))
                alive, reach = books.alive(self._slug, day), timedelta(days=days)
                old = {who: starts for who, starts in alive.items() if starts[0] <= day - reach}
                back = {who for who, own in old.items() if any(own[0] < one <= own[0] + reach for one in own)}
                for of, who in (("first_purchase", set(old)), ("returned", back)):
                    await self._list(f"{self._slug} {basis}", day, who, of=of, basis=basis, return_days=days)

    async def cohorts(self, today: date) -> None:
        """The whole table on both bases, in every currency; `today` is the API's. And who is in some of its cells."""
        calendar = self._truth.shop.calendar
        months = self._months(today)
        asked = {"from": months[0], "to": months[-1], "months": 24}
        for basis, books in self._truth.books.items():
            for currency in self._currencies:
                answer = await self._get("/v1/cohorts", **asked, basis=basis, currency=currency)
                said = {
                    (cohort["month"], since): (cell["customers"], cell["orders"], cell["revenue"]["amount"])
                    for cohort in answer["cohorts"]
                    for since, cell in enumerate(cohort["cells"])
                    if cell is not None and (cell["customers"] or cell["orders"] or cell["revenue"]["amount"])
                }
                cells = books.cohorts(self._slug, today, currency=currency)
                true = {
                    (month_text(cell.cohort, calendar), cell.months_since): (cell.customers, cell.orders, cell.revenue)
                    for cell in cells
                    if cell.months_since < 24
                }
                for key in said.keys() | true.keys():
                    self._found.compare(f"{self._slug} {basis} {key} {currency}", said.get(key), true.get(key))
            for cell in self._rng.sample(cells, min(3, len(cells))):
                await self._list(
                    f"{self._slug} {basis} {cell}", today, None, cell.customers,
                    of="cohort", cohort=month_text(cell.cohort, calendar), month=cell.months_since, basis=basis,
                )  # fmt: skip

    async def stages(self, questions: int) -> None:
        """Customers by stage, those in one, and some customers' own changes."""
        truth, rng = self._truth, self._rng
        for number in range(questions):
            day = date.fromordinal(truth.end) if number == 0 else self._day()
            counts = Counter(stage_at(changes, day.toordinal()) for changes in truth.changes.values())
            answer = await self._get(f"/v1/stages/{day}", period_days=30)
            for row in answer["stages"]:
                self._found.compare(f"{self._slug} {day} {row['stage']}", row["customers"], counts[row["stage"]])
            self._found.compare(f"{self._slug} {day} check", answer["check"]["agrees"], True)
            flows = Counter(
                (change.previous, change.stage)
                for changes in truth.changes.values()
                for change in changes
                if day.toordinal() - 30 < change.day <= day.toordinal()
            )
            said = {(row["from"], row["to"]): row["customers"] for row in answer["changes"] if row["customers"]}
            self._found.compare(f"{self._slug} {day} flows", said, dict(flows))
            stage = rng.choice(STAGES)
            who = truth.in_stage(stage, day.toordinal())
            self._found.compare(
                f"{self._slug} {day} in {stage}", await self._listed("/v1/customers", stage=stage, as_of=day), who
            )
        for customer in rng.sample(sorted(truth.changes), min(questions, len(truth.changes))):
            one, changes = await self._get(f"/v1/customers/{customer}"), truth.changes[customer]
            self._found.compare(f"{self._slug} {customer}", one["stage"], changes[-1].stage)
            standing = [row for row in one["transitions"] if not row["retracted"]]
            said_days = sorted((row["day"], row["previous"], row["stage"]) for row in standing)
            days = sorted((date.fromordinal(c.day).isoformat(), c.previous, c.stage) for c in changes)
            self._found.compare(f"{self._slug} {customer} changes", said_days, days)

    async def _list(
        self, name: str, day: date, who: Iterable[str] | None, count: int | None = None, **question: Any
    ) -> None:
        path = f"/v1/retention/{day}/customers"
        listed = await self._listed(path, **question)
        total = (await self._get(path, **question, limit=1))["total"]
        if who is not None:
            self._found.compare(f"{name} list {question['of']}", listed, set(who))
        self._found.compare(f"{name} total {question['of']}", total, len(listed) if count is None else count)

    async def _listed(self, path: str, **question: Any) -> set[str]:
        answer = await self._asked.get(path, params={**_texts(question), "format": "csv"})
        assert answer.status_code == 200, answer.text
        rows = [row["customer"] for row in csv.DictReader(io.StringIO(answer.text))]
        assert len(rows) == len(set(rows)), "nobody stands twice in a list"
        return set(rows)

    async def _get(self, path: str, **question: Any) -> Any:
        answer = await self._asked.get(path, params=_texts(question))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _months(self, today: date) -> list[str]:
        calendar, found = self._truth.shop.calendar, []
        day = month_start(self._first, calendar)
        while day <= today and len(found) < 60:
            found.append(month_text(day, calendar))
            day = next_month(day, calendar)
        return found


def month_text(day: date, calendar: str) -> str:
    """YYYY-MM of the calendar."""
    if calendar == "jalali":
        jalali = JalaliDate(day)
        return f"{jalali.year:04}-{jalali.month:02}"
    return f"{day:%Y-%m}"


def _texts(question: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in question.items()}
