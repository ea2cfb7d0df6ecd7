"""One customer's purchases over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.metrics.counters import live_generation
from services.metrics.orders.domain.history import GAPS_SHOWN, History, history
from services.metrics.orders.store.reading import history_of
from services.metrics.questions import SCOPE, WindowDays, today_in
from shared.kernel import Zone, parse_customer_id
from shared.web import Caller, ClockDep, DatabaseDep, allow, not_found

router = APIRouter(prefix="/v1/customers", tags=["customers"])

_EXAMPLE = "1k5f0q2v9a3bd"


class Spent(BaseModel):
    """Money in minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class CustomerAnswer(BaseModel):
    """What one customer bought, as of today."""

    customer: str = Field(examples=[_EXAMPLE])
    as_of: date = Field(description="Today in the shop's zone.")
    window_days: int
    basis: str
    orders: int = Field(description="Orders that count: cancelled and wholly refunded ones do not.")
    revenue: list[Spent] = Field(description="Net of refunds, by currency.")
    first_order_day: date | None
    last_order_day: date | None
    days_since_last_order: int | None
    gaps: list[int] = Field(
        description=f"Whole days between neighbouring order days, oldest first; the latest {GAPS_SHOWN}."
    )
    held: bool = Field(description="Whether the last order lies within the window.")
    lost_on: date | None = Field(description="The day from which the customer is, or would be, lost.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "customer": _EXAMPLE,
                "as_of": "2026-03-20",
                "window_days": 365,
                "basis": "restated",
                "orders": 3,
                "revenue": [{"amount": 15_000, "currency": "USD"}],
                "first_order_day": "2025-11-02",
                "last_order_day": "2026-02-11",
                "days_since_last_order": 37,
                "gaps": [30, 71],
                "held": True,
                "lost_on": "2027-02-11",
            }
        }
    )


@router.get("/{customer}", response_model=CustomerAnswer, summary="One customer's purchases")
async def read_customer(
    *,
    caller: Annotated[Caller, Depends(allow(SCOPE))],
    database: DatabaseDep,
    clock: ClockDep,
    customer: Annotated[
        str,
        Path(
            pattern="^[0-7][0-9a-v]{12}$",
            description="The platform's own id of the customer, thirteen characters.",
            examples=[_EXAMPLE],
        ),
    ],
    window_days: WindowDays = 365,
) -> CustomerAnswer:
    """First and last order, revenue by currency, gaps between order days, and whether the customer is held today."""
    try:
        number = parse_customer_id(customer)
    except ValueError:
        raise not_found("customer") from None
    async with database.read(caller.shop_id) as reads:
        live = await live_generation(reads, caller.shop_id)
        if live is None:
            raise not_found("customer")
        today = today_in(Zone(live.zone), clock)
        bought = await history_of(reads, caller.shop_id, live.counters.generation, number, today)
    if bought is None:
        raise not_found("customer")
    return _answer(customer, today, window_days, history(bought, today, window_days))


def _answer(customer: str, today: int, window: int, found: History) -> CustomerAnswer:
    return CustomerAnswer(
        customer=customer,
        as_of=date.fromordinal(today),
        window_days=window,
        basis="restated",
        orders=found.orders,
        revenue=[Spent(amount=amount, currency=currency) for currency, amount in found.revenue.items()],
        first_order_day=_day(found.first),
        last_order_day=_day(found.last),
        days_since_last_order=found.days_since,
        gaps=found.gaps,
        held=found.held,
        lost_on=_day(found.lost_on),
    )


def _day(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)
