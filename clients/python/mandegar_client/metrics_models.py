"""Forms of metrics. Generated from docs/openapi/metrics.json by `make client`; a change is made there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class AmountAnswer(BaseModel):
    """
    Money in minor units of an ISO 4217 currency.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    amount: int
    currency: str


class BenchmarkAnswer(BaseModel):
    """
    A published average, shown beside CRR and never an input.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    industry: str
    crr: float
    source: str
    year: int


class BenchmarksAnswer(BaseModel):
    """
    Published averages by industry.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    benchmarks: list[BenchmarkAnswer]


class BuildAnswer(BaseModel):
    """
    A build under way: the figures with the new settings, made beside those in force.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    generation: int
    phase: str
    """
    `orders`, `customers`, `stages`, `ready` for the switch, or `settling`: in force, and orders are given their new days.
    """
    percent: float
    orders: int
    orders_done: int
    customers: int
    customers_done: int
    stages_done: int
    """
    Customers whose stages have been worked out.
    """
    seconds_left: float | None
    """
    At the speed so far; null before that is known.
    """


class BuildStateAnswer(BaseModel):
    """
    Whether a build is under way.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    build: BuildAnswer | None


class CheckAnswer(BaseModel):
    """
    Two ways to the same number.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    held: int
    """
    By the counters of retention: with an order in the last `lost_days` days.
    """
    in_held_stages: int
    """
    By stages: all who are not lost.
    """
    agrees: bool
    """
    False while changes that fall due, or an import, are being worked through.
    """


class CrossCheckAnswer(BaseModel):
    """
    A second way to the same numbers.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    symbols: str
    numbers: str
    holds: bool


class DaysAnswer(BaseModel):
    """
    Days from the first to the last, both included.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    days: int
    from_: Annotated[date, Field(alias="from")]
    to: date


class DueAnswer(BaseModel):
    """
    What the clock does next.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    day: date
    stage: str
    reason: str


class EffectAnswer(BaseModel):
    """
    What a changed setting does. The key is one under which a console may keep the text in another language.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    setting: str
    key: str
    text: str


class EntryAnswer(BaseModel):
    """
    One line of the audit log.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: int
    at: AwareDatetime
    """
    By the database's clock.
    """
    actor: str
    """
    `key:<key id>`, `staff:<subject of the token>` or `operator`.
    """
    role: str
    """
    Of staff; empty for keys and commands.
    """
    action: str
    """
    Method and path of the route, or the command.
    """
    subject: str
    """
    Ids of what it was about, separated by blanks; never personal data.
    """
    request_id: str
    """
    As `X-Request-Id` of the answer told it; also in the log.
    """
    outcome: Literal["done", "refused", "failed"]


class ExportAnswer(BaseModel):
    """
    What metrics holds of a customer.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    service: str
    customer: str
    orders: list[dict[str, Any]]
    """
    Facts of each order; money in minor units.
    """
    refunds: list[dict[str, Any]]
    stage_changes: list[dict[str, Any]]
    """
    All changes of stage, also those that were taken back.
    """
    visit_days: list[date]
    nps_answers: list[dict[str, Any]]
    """
    Scores from 0 to 10, with when and feedback's id of each.
    """


class FlowAnswer(BaseModel):
    """
    Customers who went from one stage to another; one who did so twice is counted twice.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    from_: Annotated[str, Field(alias="from")]
    to: str
    customers: int


class ListedAnswer(BaseModel):
    """
    One of the customers behind a number.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    The platform's own id.
    """
    first_order_day: date
    last_order_day: date | None
    """
    The last one up to the day of the question.
    """
    orders: int
    """
    Orders of the window, in any currency.
    """
    revenue: AmountAnswer
    """
    Of those in the asked currency, less refunds.
    """


class MeanAnswer(BaseModel):
    """
    A mean amount, rounded half-even to a minor unit, with what it was divided from.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    amount: int
    currency: str
    numerator: int
    denominator: int


class Money(BaseModel):
    """
    Money in minor units of an ISO 4217 currency.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    amount: int
    currency: str


class NpsAnswer(BaseModel):
    """
    Net promoter score: of each customer the last answer from 0 to 10 in the window.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    score: float | None
    """
    100 · (promoters - detractors) ÷ answers; null: nobody answered.
    """
    low: float | None
    """
    From here …
    """
    high: float | None
    """
    … to here, with the confidence named.
    """
    answers: int
    """
    Customers who answered. Dismissed surveys and other scales are left out.
    """
    promoters: int
    """
    Scored 9 or 10.
    """
    passives: int
    """
    Scored 7 or 8.
    """
    detractors: int
    """
    Scored 0 to 6.
    """
    confidence_percent: int


class PageEntryAnswer(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    items: list[EntryAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class PointAnswer(BaseModel):
    """
    Retention on the last day of a span: a whole answer, as of that day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    """
    A day of the shop's zone.
    """
    window_days: int
    """
    W: whoever ordered in the last W days is held.
    """
    period_days: int
    """
    P: start, new, won_back, lost, crr and churn compare D - P with D.
    """
    basis: str
    """
    `restated`: cancelled and refunded orders never were; `booked`: they were, until that day.
    """
    currency: str
    held: int
    """
    Customers with an order in the window.
    """
    repeat: int
    """
    Of those, with two orders or more in it.
    """
    loyal: int
    """
    Of those, with more than `loyal_over` orders in it.
    """
    rpr: float | None
    """
    Repeat purchase rate: repeat ÷ held.
    """
    rpr_all: float | None
    """
    repeat ÷ all customers ever.
    """
    lcr: float | None
    """
    Loyal customer rate: loyal ÷ held.
    """
    orders: int
    """
    Orders of the window in this currency, guests' included.
    """
    revenue: AmountAnswer
    """
    Of those orders, less refunds.
    """
    aov: MeanAnswer | None
    """
    Average order value: revenue ÷ orders.
    """
    frequency: float | None
    """
    Orders of the window in any currency ÷ held, without guests.
    """
    lifetime_customers: int
    """
    Customers with an order on this day or before.
    """
    lifetime_rpr: float | None
    """
    Of all customers ever, those with two orders or more ever.
    """
    start: int
    """
    S: held at D - P.
    """
    end: int
    """
    E: held at D. E = S + new + won_back - lost.
    """
    new: int
    """
    Held at D, first order ever in the period.
    """
    won_back: int
    """
    Held at D, not at D - P, and ordered before.
    """
    lost: int
    """
    L: held at D - P, not at D.
    """
    crr: float | None
    """
    Customer retention rate: (E - N) ÷ S, with N = new + won_back.
    """
    churn: float | None
    """
    L ÷ S, which is 1 - crr.
    """
    benchmark: BenchmarkAnswer | None
    mature: bool
    """
    Whether the shop's history covers the window and the period whole.
    """
    nps: NpsAnswer
    """
    Of answers in the window; the same on either basis.
    """
    span: str
    """
    `2026-03` (or `1404-12`), `2026-Q1`, `2026`; of days and weeks the first day.
    """
    span_from: date
    """
    First day of the span.
    """
    complete: bool
    """
    False when the span goes on after this day, or the day is not over yet.
    """


class PreviewAnswer(BaseModel):
    """
    What a change would do and take.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    rebuild: bool
    """
    Whether figures are built anew beside those in force.
    """
    effects: list[EffectAnswer]
    orders: int
    """
    Orders that the build would look at.
    """
    customers: int
    seconds: float
    """
    Estimate. The figures in force are answered from meanwhile.
    """
    moved: int
    """
    Orders that could fall on another day, at most.
    """
    standstill_seconds: float
    """
    Estimate of how long the shop's events wait at the switch.
    """
    settling_seconds: float
    """
    Estimate of how long after the switch questions that search orders are answered by 503.
    """
    build: BuildAnswer | None
    """
    The one under way; a further change begins it anew.
    """


class RetentionAnswer(BaseModel):
    """
    How well a shop keeps its customers, as of one day. Window and period trail that day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    """
    A day of the shop's zone.
    """
    window_days: int
    """
    W: whoever ordered in the last W days is held.
    """
    period_days: int
    """
    P: start, new, won_back, lost, crr and churn compare D - P with D.
    """
    basis: str
    """
    `restated`: cancelled and refunded orders never were; `booked`: they were, until that day.
    """
    currency: str
    held: int
    """
    Customers with an order in the window.
    """
    repeat: int
    """
    Of those, with two orders or more in it.
    """
    loyal: int
    """
    Of those, with more than `loyal_over` orders in it.
    """
    rpr: float | None
    """
    Repeat purchase rate: repeat ÷ held.
    """
    rpr_all: float | None
    """
    repeat ÷ all customers ever.
    """
    lcr: float | None
    """
    Loyal customer rate: loyal ÷ held.
    """
    orders: int
    """
    Orders of the window in this currency, guests' included.
    """
    revenue: AmountAnswer
    """
    Of those orders, less refunds.
    """
    aov: MeanAnswer | None
    """
    Average order value: revenue ÷ orders.
    """
    frequency: float | None
    """
    Orders of the window in any currency ÷ held, without guests.
    """
    lifetime_customers: int
    """
    Customers with an order on this day or before.
    """
    lifetime_rpr: float | None
    """
    Of all customers ever, those with two orders or more ever.
    """
    start: int
    """
    S: held at D - P.
    """
    end: int
    """
    E: held at D. E = S + new + won_back - lost.
    """
    new: int
    """
    Held at D, first order ever in the period.
    """
    won_back: int
    """
    Held at D, not at D - P, and ordered before.
    """
    lost: int
    """
    L: held at D - P, not at D.
    """
    crr: float | None
    """
    Customer retention rate: (E - N) ÷ S, with N = new + won_back.
    """
    churn: float | None
    """
    L ÷ S, which is 1 - crr.
    """
    benchmark: BenchmarkAnswer | None
    mature: bool
    """
    Whether the shop's history covers the window and the period whole.
    """
    nps: NpsAnswer
    """
    Of answers in the window; the same on either basis.
    """


class ReturnRateAnswer(BaseModel):
    """
    Of customers whose first order is `days` old or older: how many ordered again within that time.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    days: int
    customers: int
    returned: int
    """
    With a second order day within `days` of the first.
    """
    rate: float | None


class ReturnRatesAnswer(BaseModel):
    """
    Return after the first purchase, as of one day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    basis: str
    rates: list[ReturnRateAnswer]
    mature: bool
    """
    Whether there are customers old enough for every rate.
    """


class SeriesAnswer(BaseModel):
    """
    Retention at the end of each step; every point is a whole answer of its own.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    from_: Annotated[date, Field(alias="from")]
    to: date
    step: str
    calendar: str
    """
    Whose months, quarters and years these are.
    """
    window_days: int
    period_days: int
    basis: str
    currency: str
    points: list[PointAnswer]


class Spent(BaseModel):
    """
    Money in minor units of an ISO 4217 currency.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    amount: int
    currency: str


class StageAnswer(BaseModel):
    """
    Customers in one stage.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    stage: str
    customers: int
    share: float | None
    """
    Of all who ever ordered; null over nobody.
    """
    held: bool
    """
    Whether customers in this stage are held; all but `lost` are.
    """


class StagedAnswer(BaseModel):
    """
    A customer in a stage.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    The platform's own id.
    """
    stage: str
    since: date
    """
    The day on which the customer came to the stage.
    """
    previous: str
    reason: str
    """
    `order`, `visit`, `onboarded`, `threshold` or `window`.
    """
    late: bool
    """
    Learnt after its day had been judged otherwise.
    """
    last_order_day: date | None
    last_active_day: date | None
    """
    The last order or visit, as the shop has chosen.
    """
    days: int | None
    """
    Whole days since then.
    """
    threshold_days: int | None
    """
    After so many days without activity the customer lapses; of days before, told of those who did.
    """
    event_id: str | None
    """
    The event that said so; null where nothing was published.
    """


class StagedPageAnswer(BaseModel):
    """
    A page of the customers in a stage.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    stage: str
    sort: str
    basis: str
    lost_days: int
    total: int
    """
    So many customers stand on all pages together.
    """
    items: list[StagedAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class StagesAnswer(BaseModel):
    """
    Customers by stage at the end of a day.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    basis: str
    lost_days: int
    """
    Without an order for so many days a customer is lost.
    """
    period_days: int
    period_from: date
    customers: int
    """
    All who ever ordered.
    """
    held: int
    stages: list[StageAnswer]
    changes: list[FlowAnswer]
    """
    In the period; what turned out to be untrue is not counted.
    """
    check: CheckAnswer


class StagesPointAnswer(BaseModel):
    """
    Customers by stage at the end of a span's last day, and the changes since the point before.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    span: str
    """
    `2026-03` (or `1404-12`), `2026-Q1`, `2026`; of days and weeks the first day.
    """
    span_from: date
    complete: bool
    """
    False when the span goes on after this day, or the day is not over yet.
    """
    customers: int
    held: int
    stages: list[StageAnswer]
    changes: list[FlowAnswer]


class StagesSeriesAnswer(BaseModel):
    """
    Customers by stage over time.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    from_: Annotated[date, Field(alias="from")]
    to: date
    step: str
    calendar: str
    basis: str
    lost_days: int
    points: list[StagesPointAnswer]


class TextAnswer(BaseModel):
    """
    A text in English, and the key under which a console may keep it in another language.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    key: str
    text: str


class ThresholdAnswer(BaseModel):
    """
    After how many days without activity the customer lapses, and where the number comes from.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    days: int
    kind: Literal["fixed", "personal"]
    own_gaps: int = 0
    """
    Own gaps that were looked at, the newest ones.
    """
    own_gap_days: int | None = None
    """
    Their quantile.
    """
    shop_gaps: int = 0
    """
    Gaps behind the shop's quantile.
    """
    shop_gap_days: int | None = None
    shop_gaps_as_of: date | None = None
    """
    The day from which on the shop's quantile stood frozen.
    """


class Error(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    field: str
    reason: str


class Problem(BaseModel):
    """
    RFC 9457. `errors` names each field and what is wrong with it.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    type: str
    """
    Stable name of the kind of problem
    """
    title: str
    status: int
    detail: str | None = None
    """
    What to do about it
    """
    request_id: str | None = None
    errors: list[Error] | None = None


class CellAnswer(BaseModel):
    """
    One month of a cohort.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customers: int
    """
    Who ordered in this month, in any currency.
    """
    share: float | None
    """
    Of the cohort's customers; null for an empty cohort.
    """
    orders: int
    """
    Their orders in the asked currency.
    """
    revenue: Money


class ChangeAnswer(BaseModel):
    """
    A change of stage.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    number: int
    day: date
    previous: str
    stage: str
    reason: str
    last_active: date | None
    days: int | None
    """
    Whole days since then.
    """
    threshold: ThresholdAnswer | None
    late: bool
    """
    Learnt after its day had been judged otherwise.
    """
    retracted: bool
    time: AwareDatetime
    event_id: str | None
    """
    The event that told it; null where nothing was published.
    """
    retracted_by: str | None
    """
    The event that took it back.
    """


class CohortAnswer(BaseModel):
    """
    Customers whose first counted order lies in `month`.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    month: str
    customers: int
    cells: list[CellAnswer | None]
    """
    By months since the first order; null in the future.
    """
    mature: bool
    """
    Whether every month shown has ended.
    """


class CohortsAnswer(BaseModel):
    """
    The cohort table, as of today. Months are the shop's calendar's.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    basis: str
    currency: str
    calendar: str
    from_: Annotated[str, Field(alias="from")]
    to: str
    months: int
    cohorts: list[CohortAnswer]
    mature: bool
    """
    Whether every month of every cohort has ended.
    """


class CustomerAnswer(BaseModel):
    """
    What one customer bought, as of today.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    customer: str
    """
    Whom the asked one is counted as, after merges.
    """
    as_of: date
    """
    The shop's present day.
    """
    window_days: int
    basis: str
    orders: int
    """
    Orders that count: cancelled and wholly refunded ones do not.
    """
    revenue: list[Spent]
    """
    Net of refunds, by currency.
    """
    first_order_day: date | None
    last_order_day: date | None
    days_since_last_order: int | None
    gaps: list[int]
    """
    Whole days between neighbouring order days, oldest first; the latest 500.
    """
    held: bool
    """
    Whether the last order lies within the window.
    """
    lost_on: date | None
    """
    The day from which the customer is, or would be, lost.
    """
    stage: str | None
    """
    `prospect` until the first order; null for who is not known to stages yet.
    """
    since: date | None
    """
    The day on which the customer came to this stage.
    """
    threshold: ThresholdAnswer | None
    """
    In force now; null before the first order.
    """
    due: DueAnswer | None
    """
    What the clock will do if nothing comes before.
    """
    unsettled: bool
    """
    The stage is about to be worked out anew, after an import.
    """
    transitions: list[ChangeAnswer]
    """
    All changes, by number, also those that were taken back; the latest 1000.
    """


class CustomersAnswer(BaseModel):
    """
    A page of the customers behind a number, by id.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    as_of: date
    of: str
    cohort: str | None
    month: int | None
    return_days: int | None
    window_days: int
    period_days: int
    basis: str
    currency: str
    total: int
    """
    The number: so many customers stand on all pages together.
    """
    items: list[ListedAnswer]
    next: str | None
    """
    Cursor of the next page; null on the last.
    """


class FormulaAnswer(BaseModel):
    """
    One formula, three times.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    words: TextAnswer
    symbols: str
    numbers: str


class TermAnswer(BaseModel):
    """
    A whole number in the formula.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    symbol: str
    name: TextAnswer
    value: int
    unit: str
    """
    `customers`, `orders`, or `money` in minor units.
    """
    customers: str | None
    """
    Address of the list behind it, relative to this one.
    """


class ExplainAnswer(BaseModel):
    """
    How a figure came about.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    figure: str
    name: TextAnswer
    value: float | None
    """
    As the answers have it; null over nobody.
    """
    unit: str
    """
    `ratio`, `customers`, `orders`, `number`, or `money` in minor units.
    """
    as_of: date
    basis: str
    currency: str
    window: DaysAnswer | None
    """
    Null where it does not matter.
    """
    period: DaysAnswer | None
    """
    Null where it does not matter.
    """
    return_days: int | None
    loyal_over: int | None
    formula: FormulaAnswer
    base: TextAnswer | None
    """
    Over whom; null for a plain number.
    """
    terms: list[TermAnswer]
    checks: list[CrossCheckAnswer]
    mature: bool
    maturity: TextAnswer
    benchmark: BenchmarkAnswer | None
    """
    Beside CRR: a published average, never an input.
    """
