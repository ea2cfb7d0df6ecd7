"""Operations of metrics. Generated from docs/openapi/metrics.json by `make client`; a change is made there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from mandegar_client import metrics_models as models
from mandegar_client.transport import Api, AsyncApi


class Metrics(Api):
    """Retention, churn, repeat purchase, cohorts and stages of customers, exact on any day."""

    def read_retention(
        self,
        *,
        as_of: date | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.RetentionAnswer:
        """Retention as of a day.

        Held, new, won-back and lost customers; CRR and churn; repeat and loyal rates; order value and frequency.

        Windows that the shop keeps (30, 90, 180 and 365 days if it chose no others) with periods up to the window are
        answered from counters; any other by counting order for order, which takes longer the more orders there are. On
        basis `booked`, periods other than those that the shop keeps (30 days if it chose no others) are counted so too,
        for those customers of whom an order was late, taken back or amended.

        as_of: A day of the shop's zone, as YYYY-MM-DD. Default: today.
        window_days: Days of the trailing window: a customer with an order in it is held.
        period_days: Days of the period over which customers are won and lost.
        loyal_over: Loyal: more orders in the window than this. Default: the shop's.
        currency: ISO 4217 code. Selects money and the orders that it is divided by, never customers. Default: the
            shop's.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET",
            "/v1/retention",
            models.RetentionAnswer,
            query={
                "as_of": as_of,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    def read_series(
        self,
        *,
        from_: date,
        to: date | None = None,
        step: Literal["day", "week", "month", "quarter", "year"] | None = None,
        calendar: Literal["gregorian", "jalali"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.SeriesAnswer:
        """Retention over time.

        One answer for the end of each day, week, month, quarter or year, all of one moment.

        A span that is not over when the series ends has its point on the series' last day, with `complete` false.

        from_: First day.
        to: Last day. Default: today.
        step: The last day of each step is a point, and so is `to`.
        calendar: Whose months, quarters and years. Default: the shop's. Weeks begin on the shop's first day.
        window_days: Days of the trailing window: a customer with an order in it is held.
        period_days: Days of the period over which customers are won and lost.
        loyal_over: Loyal: more orders in the window than this. Default: the shop's.
        currency: ISO 4217 code. Selects money and the orders that it is divided by, never customers. Default: the
            shop's.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET",
            "/v1/retention/series",
            models.SeriesAnswer,
            query={
                "from": from_,
                "to": to,
                "step": step,
                "calendar": calendar,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    def read_return_rates(
        self, *, as_of: date | None = None, basis: Literal["restated", "booked"] | None = None
    ) -> models.ReturnRatesAnswer:
        """Return after the first purchase.

        Of customers whose first order is 30, 60 or 90 days old or older: the share that came back within that time.

        as_of: A day of the shop's zone, as YYYY-MM-DD. Default: today.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET", "/v1/retention/return-rates", models.ReturnRatesAnswer, query={"as_of": as_of, "basis": basis}
        )

    def read_benchmarks(self) -> models.BenchmarksAnswer:
        """Published average retention by industry.

        With source and year. The shop's setting `benchmark` chooses the one that stands beside its CRR.
        """
        return self._ask("GET", "/v1/retention/benchmarks", models.BenchmarksAnswer)

    def read_customers(
        self,
        *,
        as_of: date,
        of: Literal[
            "held",
            "start",
            "end",
            "joined",
            "new",
            "won_back",
            "lost",
            "repeat",
            "loyal",
            "lifetime",
            "lifetime_repeat",
            "cohort",
            "first_purchase",
            "returned",
        ],
        limit: int | None = None,
        cursor: str | None = None,
        cohort: str | None = None,
        month: int | None = None,
        return_days: Literal["30", "60", "90"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.CustomersAnswer:
        """The customers behind a number.

        Exactly those who are counted: `total` is the number itself, and the pages together hold as many customers.

        A page may hold fewer customers than its limit and still not be the last one: that is the one whose `next` is
        null. In the order of their ids, so that a customer who is added meanwhile makes no other one come twice or not
        at all. Orders and revenue are those of the window that ends with the day, revenue in the asked currency; on
        basis `booked` of orders that stand in the books on the day. A CSV without `limit` holds the whole list, of one
        moment; with `limit`, the header `Link` leads to the next page.

        as_of: A day of the shop's zone, as YYYY-MM-DD.
        of: The number. `held` and `end` are the same customers.
        limit: Customers of a page, at most. Default: 50; of CSV: all, in one answer.
        cursor: `next` of the page before; absent for the first page.
        cohort: With `of=cohort`: the month of the first order, such as 2026-01, in the shop's calendar.
        month: With `of=cohort`: months since the first order. Default: 0.
        return_days: With `of=first_purchase` and `of=returned`: the days of the return rate. Default: 30.
        window_days: Days of the trailing window: a customer with an order in it is held.
        period_days: Days of the period over which customers are won and lost.
        loyal_over: Loyal: more orders in the window than this. Default: the shop's.
        currency: ISO 4217 code. Selects money and the orders that it is divided by, never customers. Default: the
            shop's.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET",
            "/v1/retention/{as_of}/customers",
            models.CustomersAnswer,
            path={"as_of": as_of},
            query={
                "of": of,
                "limit": limit,
                "cursor": cursor,
                "cohort": cohort,
                "month": month,
                "return_days": return_days,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    def read_customers_csv(
        self,
        *,
        as_of: date,
        of: Literal[
            "held",
            "start",
            "end",
            "joined",
            "new",
            "won_back",
            "lost",
            "repeat",
            "loyal",
            "lifetime",
            "lifetime_repeat",
            "cohort",
            "first_purchase",
            "returned",
        ],
        limit: int | None = None,
        cursor: str | None = None,
        cohort: str | None = None,
        month: int | None = None,
        return_days: Literal["30", "60", "90"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
        bom: Literal["true", "false"] | None = None,
    ) -> str:
        """The customers behind a number.

        Exactly those who are counted: `total` is the number itself, and the pages together hold as many customers.

        A page may hold fewer customers than its limit and still not be the last one: that is the one whose `next` is
        null. In the order of their ids, so that a customer who is added meanwhile makes no other one come twice or not
        at all. Orders and revenue are those of the window that ends with the day, revenue in the asked currency; on
        basis `booked` of orders that stand in the books on the day. A CSV without `limit` holds the whole list, of one
        moment; with `limit`, the header `Link` leads to the next page.

        as_of: A day of the shop's zone, as YYYY-MM-DD.
        of: The number. `held` and `end` are the same customers.
        limit: Customers of a page, at most. Default: 50; of CSV: all, in one answer.
        cursor: `next` of the page before; absent for the first page.
        cohort: With `of=cohort`: the month of the first order, such as 2026-01, in the shop's calendar.
        month: With `of=cohort`: months since the first order. Default: 0.
        return_days: With `of=first_purchase` and `of=returned`: the days of the return rate. Default: 30.
        window_days: Days of the trailing window: a customer with an order in it is held.
        period_days: Days of the period over which customers are won and lost.
        loyal_over: Loyal: more orders in the window than this. Default: the shop's.
        currency: ISO 4217 code. Selects money and the orders that it is divided by, never customers. Default: the
            shop's.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        bom: Begin CSV with a byte order mark, for spreadsheets.
        """
        return self._ask(
            "GET",
            "/v1/retention/{as_of}/customers",
            str,
            path={"as_of": as_of},
            query={
                "of": of,
                "limit": limit,
                "cursor": cursor,
                "cohort": cohort,
                "month": month,
                "return_days": return_days,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
                "bom": bom,
            },
            accept="text/csv",
        )

    def explain(
        self,
        *,
        as_of: date,
        figure: Literal[
            "crr",
            "churn",
            "rpr",
            "rpr_all",
            "lcr",
            "aov",
            "frequency",
            "lifetime_rpr",
            "return_rate",
            "held",
            "start",
            "end",
            "joined",
            "new",
            "won_back",
            "lost",
            "repeat",
            "loyal",
            "orders",
            "revenue",
            "lifetime_customers",
        ],
        return_days: Literal["30", "60", "90"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.ExplainAnswer:
        """How a figure came about.

        The formula in words, in symbols and with the numbers put in; window and period as days; the base; maturity.

        Beside each number of customers stands the address of its list, relative to this one. Every text has a key under
        which a console may keep it in another language.

        as_of: A day of the shop's zone, as YYYY-MM-DD.
        figure: The figure, by its name in the answers.
        return_days: With `figure=return_rate`: within how many days. Default: 30.
        window_days: Days of the trailing window: a customer with an order in it is held.
        period_days: Days of the period over which customers are won and lost.
        loyal_over: Loyal: more orders in the window than this. Default: the shop's.
        currency: ISO 4217 code. Selects money and the orders that it is divided by, never customers. Default: the
            shop's.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET",
            "/v1/retention/{as_of}/explain",
            models.ExplainAnswer,
            path={"as_of": as_of},
            query={
                "figure": figure,
                "return_days": return_days,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    def read_cohorts(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        currency: str | None = None,
        months: int | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.CohortsAnswer:
        """Customers and revenue by month of first order.

        For each month of first orders: who of them ordered in each month since, and what they spent, net of refunds.

        On basis `booked` a customer's first order stays the first whatever becomes of it; in a month counts whose order
        of that month stood at its end; orders and revenue are what was entered in it, and may be below zero.

        from_: Month of the first cohort, YYYY-MM in the shop's calendar. Default: eleven before `to`.
        to: Month of the last cohort. Default: this month.
        currency: ISO 4217 code. Selects money and the orders that it is divided by, never customers. Default: the
            shop's.
        months: Cells of each cohort: its own month and those after it.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET",
            "/v1/cohorts",
            models.CohortsAnswer,
            query={"from": from_, "to": to, "currency": currency, "months": months, "basis": basis},
        )

    def read_stages_series(
        self,
        *,
        from_: date,
        to: date | None = None,
        step: Literal["day", "week", "month", "quarter", "year"] | None = None,
        calendar: Literal["gregorian", "jalali"] | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.StagesSeriesAnswer:
        """Customers by stage over time.

        At the end of each day, week, month, quarter or year: customers by stage, and the changes since the point
        before.

        The changes of the first point are those since the day before `from`.

        from_: First day.
        to: Last day. Default: the shop's present one.
        step: The last day of each step is a point, and so is `to`.
        calendar: Whose months, quarters and years. Default: the shop's. Weeks begin on the shop's first day.
        basis: `restated` only: a change of stage is told once, and taken back by another event where it turns out to be
            untrue, so there are no stages of closed months. `booked` is refused; whom the books hold or have lost is
            asked of `/v1/retention` and `/v1/retention/{as_of}/customers` with `basis=booked`.
        """
        return self._ask(
            "GET",
            "/v1/stages/series",
            models.StagesSeriesAnswer,
            query={"from": from_, "to": to, "step": step, "calendar": calendar, "basis": basis},
        )

    def read_stages(
        self, *, as_of: date, period_days: int | None = None, basis: Literal["restated", "booked"] | None = None
    ) -> models.StagesAnswer:
        """Customers by stage at the end of a day.

        How many customers are new, active, lapsing, reactivated and lost, with their shares of all who ever ordered.

        `changes` says how many went from one stage to another in the period. All who are not lost are held: that is
        compared with what the counters of retention say, and both numbers are shown.

        as_of: A day of the shop's zone, as YYYY-MM-DD.
        period_days: Days, ending with the day, whose changes are counted.
        basis: `restated` only: a change of stage is told once, and taken back by another event where it turns out to be
            untrue, so there are no stages of closed months. `booked` is refused; whom the books hold or have lost is
            asked of `/v1/retention` and `/v1/retention/{as_of}/customers` with `basis=booked`.
        """
        return self._ask(
            "GET",
            "/v1/stages/{as_of}",
            models.StagesAnswer,
            path={"as_of": as_of},
            query={"period_days": period_days, "basis": basis},
        )

    def list_customers(
        self,
        *,
        stage: Literal["new", "active", "lapsing", "reactivated", "lost"],
        as_of: date | None = None,
        sort: Literal["customer", "day"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.StagedPageAnswer:
        """The customers in a stage.

        Who is lapsing, lost or new today, or was on any day before, with what brought them there.

        `total` is the number that `/v1/stages` has. A page may hold fewer customers than its limit and still not be the
        last one: that is the one whose `next` is null. A CSV without `limit` holds the whole list, of one moment; with
        `limit`, the header `Link` leads to the next page.

        stage: Where they stand.
        as_of: At the end of this day of the shop's zone. Default: the shop's present one.
        sort: `customer`: by id. `day`: by the day of the change, the latest first.
        limit: Customers of a page, at most. Default: 50; of CSV: all, in one answer.
        cursor: `next` of the page before; absent for the first page.
        basis: `restated` only: a change of stage is told once, and taken back by another event where it turns out to be
            untrue, so there are no stages of closed months. `booked` is refused; whom the books hold or have lost is
            asked of `/v1/retention` and `/v1/retention/{as_of}/customers` with `basis=booked`.
        """
        return self._ask(
            "GET",
            "/v1/customers",
            models.StagedPageAnswer,
            query={"stage": stage, "as_of": as_of, "sort": sort, "limit": limit, "cursor": cursor, "basis": basis},
        )

    def list_customers_csv(
        self,
        *,
        stage: Literal["new", "active", "lapsing", "reactivated", "lost"],
        as_of: date | None = None,
        sort: Literal["customer", "day"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
        bom: Literal["true", "false"] | None = None,
    ) -> str:
        """The customers in a stage.

        Who is lapsing, lost or new today, or was on any day before, with what brought them there.

        `total` is the number that `/v1/stages` has. A page may hold fewer customers than its limit and still not be the
        last one: that is the one whose `next` is null. A CSV without `limit` holds the whole list, of one moment; with
        `limit`, the header `Link` leads to the next page.

        stage: Where they stand.
        as_of: At the end of this day of the shop's zone. Default: the shop's present one.
        sort: `customer`: by id. `day`: by the day of the change, the latest first.
        limit: Customers of a page, at most. Default: 50; of CSV: all, in one answer.
        cursor: `next` of the page before; absent for the first page.
        basis: `restated` only: a change of stage is told once, and taken back by another event where it turns out to be
            untrue, so there are no stages of closed months. `booked` is refused; whom the books hold or have lost is
            asked of `/v1/retention` and `/v1/retention/{as_of}/customers` with `basis=booked`.
        bom: Begin CSV with a byte order mark, for spreadsheets.
        """
        return self._ask(
            "GET",
            "/v1/customers",
            str,
            query={
                "stage": stage,
                "as_of": as_of,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "basis": basis,
                "bom": bom,
            },
            accept="text/csv",
        )

    def read_customer(
        self, *, customer: str, window_days: int | None = None, basis: Literal["restated", "booked"] | None = None
    ) -> models.CustomerAnswer:
        """One customer's purchases and stages.

        First and last order, revenue by currency, gaps between order days, and whether the customer is held today.

        Then the stage, since when and why, with every change that was published and the numbers behind it. `held` goes
        by the asked window, stages by the shop's settings, on either basis.

        customer: The platform's own id of the customer, thirteen characters.
        window_days: Days of the trailing window: a customer with an order in it is held.
        basis: `restated`: refunds and cancellations change the past. `booked`: they count on their own day, and closed
            months stay closed.
        """
        return self._ask(
            "GET",
            "/v1/customers/{customer}",
            models.CustomerAnswer,
            path={"customer": customer},
            query={"window_days": window_days, "basis": basis},
        )

    def export(self, *, customer: str) -> models.ExportAnswer:
        """All that metrics holds of a customer.

        Orders, refunds, changes of stage, days of visits and scores, by the surrogate id. One identity at a time.

        customer: The platform's own id; gateway's export names all identities of a person.
        """
        return self._ask("GET", "/v1/customers/{customer}/export", models.ExportAnswer, path={"customer": customer})

    def preview(self, body: Mapping[str, Any]) -> models.PreviewAnswer:
        """What a change of settings would cost.

        Which figures would change, how many orders and customers would be counted anew, and about how long that takes.

        Nothing is changed by asking.
        """
        return self._ask("POST", "/v1/settings/preview", models.PreviewAnswer, body=body)

    def read_build(self) -> models.BuildStateAnswer:
        """How far a build of new settings has come.

        Null when the figures in force have the shop's settings, or a build has not begun yet.
        """
        return self._ask("GET", "/v1/settings/build", models.BuildStateAnswer)

    def read_audit(
        self,
        *,
        actor: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        outcome: Literal["done", "refused", "failed"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageEntryAnswer:
        """Who read personal data and who wrote what.

        This service's entries of the shop, the newest first; each service has a log of its own.

        actor: Of this actor only.
        subject: About exactly this.
        since: From this instant on, such as 2026-03-21T00:00:00Z.
        until: Before this instant.
        outcome: Of this outcome.
        limit: Items of a page, at most.
        cursor: `next` of the page before; absent for the first page.
        """
        return self._ask(
            "GET",
            "/v1/audit",
            models.PageEntryAnswer,
            query={
                "actor": actor,
                "subject": subject,
                "since": since,
                "until": until,
                "outcome": outcome,
                "limit": limit,
                "cursor": cursor,
            },
        )

    def healthz(self) -> dict[str, Any]:
        """Is the process alive.

        Asks nobody else: for who restarts processes that hang.
        """
        return self._ask("GET", "/healthz", dict[str, Any])

    def readyz(self) -> dict[str, Any]:
        """Can it answer.

        Looks at what answers need, such as the database: for who sends requests to those that can answer.
        """
        return self._ask("GET", "/readyz", dict[str, Any])

    def metrics(self) -> str:
        """Prometheus metrics.

        What this process has counted, in the text format of Prometheus.
        """
        return self._ask("GET", "/metrics", str, accept="text/plain")


class AsyncMetrics(AsyncApi):
    """Retention, churn, repeat purchase, cohorts and stages of customers, exact on any day. Its methods are awaited."""

    async def read_retention(
        self,
        *,
        as_of: date | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.RetentionAnswer:
        """As `Metrics.read_retention`."""
        return await self._ask(
            "GET",
            "/v1/retention",
            models.RetentionAnswer,
            query={
                "as_of": as_of,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    async def read_series(
        self,
        *,
        from_: date,
        to: date | None = None,
        step: Literal["day", "week", "month", "quarter", "year"] | None = None,
        calendar: Literal["gregorian", "jalali"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.SeriesAnswer:
        """As `Metrics.read_series`."""
        return await self._ask(
            "GET",
            "/v1/retention/series",
            models.SeriesAnswer,
            query={
                "from": from_,
                "to": to,
                "step": step,
                "calendar": calendar,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    async def read_return_rates(
        self, *, as_of: date | None = None, basis: Literal["restated", "booked"] | None = None
    ) -> models.ReturnRatesAnswer:
        """As `Metrics.read_return_rates`."""
        return await self._ask(
            "GET", "/v1/retention/return-rates", models.ReturnRatesAnswer, query={"as_of": as_of, "basis": basis}
        )

    async def read_benchmarks(self) -> models.BenchmarksAnswer:
        """As `Metrics.read_benchmarks`."""
        return await self._ask("GET", "/v1/retention/benchmarks", models.BenchmarksAnswer)

    async def read_customers(
        self,
        *,
        as_of: date,
        of: Literal[
            "held",
            "start",
            "end",
            "joined",
            "new",
            "won_back",
            "lost",
            "repeat",
            "loyal",
            "lifetime",
            "lifetime_repeat",
            "cohort",
            "first_purchase",
            "returned",
        ],
        limit: int | None = None,
        cursor: str | None = None,
        cohort: str | None = None,
        month: int | None = None,
        return_days: Literal["30", "60", "90"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.CustomersAnswer:
        """As `Metrics.read_customers`."""
        return await self._ask(
            "GET",
            "/v1/retention/{as_of}/customers",
            models.CustomersAnswer,
            path={"as_of": as_of},
            query={
                "of": of,
                "limit": limit,
                "cursor": cursor,
                "cohort": cohort,
                "month": month,
                "return_days": return_days,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    async def read_customers_csv(
        self,
        *,
        as_of: date,
        of: Literal[
            "held",
            "start",
            "end",
            "joined",
            "new",
            "won_back",
            "lost",
            "repeat",
            "loyal",
            "lifetime",
            "lifetime_repeat",
            "cohort",
            "first_purchase",
            "returned",
        ],
        limit: int | None = None,
        cursor: str | None = None,
        cohort: str | None = None,
        month: int | None = None,
        return_days: Literal["30", "60", "90"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
        bom: Literal["true", "false"] | None = None,
    ) -> str:
        """As `Metrics.read_customers_csv`."""
        return await self._ask(
            "GET",
            "/v1/retention/{as_of}/customers",
            str,
            path={"as_of": as_of},
            query={
                "of": of,
                "limit": limit,
                "cursor": cursor,
                "cohort": cohort,
                "month": month,
                "return_days": return_days,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
                "bom": bom,
            },
            accept="text/csv",
        )

    async def explain(
        self,
        *,
        as_of: date,
        figure: Literal[
            "crr",
            "churn",
            "rpr",
            "rpr_all",
            "lcr",
            "aov",
            "frequency",
            "lifetime_rpr",
            "return_rate",
            "held",
            "start",
            "end",
            "joined",
            "new",
            "won_back",
            "lost",
            "repeat",
            "loyal",
            "orders",
            "revenue",
            "lifetime_customers",
        ],
        return_days: Literal["30", "60", "90"] | None = None,
        window_days: int | None = None,
        period_days: int | None = None,
        loyal_over: int | None = None,
        currency: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.ExplainAnswer:
        """As `Metrics.explain`."""
        return await self._ask(
            "GET",
            "/v1/retention/{as_of}/explain",
            models.ExplainAnswer,
            path={"as_of": as_of},
            query={
                "figure": figure,
                "return_days": return_days,
                "window_days": window_days,
                "period_days": period_days,
                "loyal_over": loyal_over,
                "currency": currency,
                "basis": basis,
            },
        )

    async def read_cohorts(
        self,
        *,
        from_: str | None = None,
        to: str | None = None,
        currency: str | None = None,
        months: int | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.CohortsAnswer:
        """As `Metrics.read_cohorts`."""
        return await self._ask(
            "GET",
            "/v1/cohorts",
            models.CohortsAnswer,
            query={"from": from_, "to": to, "currency": currency, "months": months, "basis": basis},
        )

    async def read_stages_series(
        self,
        *,
        from_: date,
        to: date | None = None,
        step: Literal["day", "week", "month", "quarter", "year"] | None = None,
        calendar: Literal["gregorian", "jalali"] | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.StagesSeriesAnswer:
        """As `Metrics.read_stages_series`."""
        return await self._ask(
            "GET",
            "/v1/stages/series",
            models.StagesSeriesAnswer,
            query={"from": from_, "to": to, "step": step, "calendar": calendar, "basis": basis},
        )

    async def read_stages(
        self, *, as_of: date, period_days: int | None = None, basis: Literal["restated", "booked"] | None = None
    ) -> models.StagesAnswer:
        """As `Metrics.read_stages`."""
        return await self._ask(
            "GET",
            "/v1/stages/{as_of}",
            models.StagesAnswer,
            path={"as_of": as_of},
            query={"period_days": period_days, "basis": basis},
        )

    async def list_customers(
        self,
        *,
        stage: Literal["new", "active", "lapsing", "reactivated", "lost"],
        as_of: date | None = None,
        sort: Literal["customer", "day"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
    ) -> models.StagedPageAnswer:
        """As `Metrics.list_customers`."""
        return await self._ask(
            "GET",
            "/v1/customers",
            models.StagedPageAnswer,
            query={"stage": stage, "as_of": as_of, "sort": sort, "limit": limit, "cursor": cursor, "basis": basis},
        )

    async def list_customers_csv(
        self,
        *,
        stage: Literal["new", "active", "lapsing", "reactivated", "lost"],
        as_of: date | None = None,
        sort: Literal["customer", "day"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        basis: Literal["restated", "booked"] | None = None,
        bom: Literal["true", "false"] | None = None,
    ) -> str:
        """As `Metrics.list_customers_csv`."""
        return await self._ask(
            "GET",
            "/v1/customers",
            str,
            query={
                "stage": stage,
                "as_of": as_of,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
                "basis": basis,
                "bom": bom,
            },
            accept="text/csv",
        )

    async def read_customer(
        self, *, customer: str, window_days: int | None = None, basis: Literal["restated", "booked"] | None = None
    ) -> models.CustomerAnswer:
        """As `Metrics.read_customer`."""
        return await self._ask(
            "GET",
            "/v1/customers/{customer}",
            models.CustomerAnswer,
            path={"customer": customer},
            query={"window_days": window_days, "basis": basis},
        )

    async def export(self, *, customer: str) -> models.ExportAnswer:
        """As `Metrics.export`."""
        return await self._ask(
            "GET", "/v1/customers/{customer}/export", models.ExportAnswer, path={"customer": customer}
        )

    async def preview(self, body: Mapping[str, Any]) -> models.PreviewAnswer:
        """As `Metrics.preview`."""
        return await self._ask("POST", "/v1/settings/preview", models.PreviewAnswer, body=body)

    async def read_build(self) -> models.BuildStateAnswer:
        """As `Metrics.read_build`."""
        return await self._ask("GET", "/v1/settings/build", models.BuildStateAnswer)

    async def read_audit(
        self,
        *,
        actor: str | None = None,
        subject: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        outcome: Literal["done", "refused", "failed"] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> models.PageEntryAnswer:
        """As `Metrics.read_audit`."""
        return await self._ask(
            "GET",
            "/v1/audit",
            models.PageEntryAnswer,
            query={
                "actor": actor,
                "subject": subject,
                "since": since,
                "until": until,
                "outcome": outcome,
                "limit": limit,
                "cursor": cursor,
            },
        )

    async def healthz(self) -> dict[str, Any]:
        """As `Metrics.healthz`."""
        return await self._ask("GET", "/healthz", dict[str, Any])

    async def readyz(self) -> dict[str, Any]:
        """As `Metrics.readyz`."""
        return await self._ask("GET", "/readyz", dict[str, Any])

    async def metrics(self) -> str:
        """As `Metrics.metrics`."""
        return await self._ask("GET", "/metrics", str, accept="text/plain")
