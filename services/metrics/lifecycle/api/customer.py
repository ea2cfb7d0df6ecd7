"""One customer's purchases and stages over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.metrics.lifecycle.answering import ground_of
from services.metrics.lifecycle.api.life import LIFE_EXAMPLE, ChangeAnswer, DueAnswer, ThresholdAnswer, told
from services.metrics.lifecycle.store.lives import CHANGES_SHOWN, changes_of, life_of
from services.metrics.orders import GAPS_SHOWN, History, booked_history, history, history_of, steps_of_customer
from services.metrics.questions import BasisName, OnBasis, WindowDays
from shared.contracts.shops import Shop
from shared.db import Reads
from shared.kernel import Clock, CustomerId, ShopId, customer_id_text
from shared.pointers import canonical_of
from shared.web import Caller, ClockDep, DatabaseDep, allow, customer_number, not_found

router = APIRouter(prefix="/v1/customers", tags=["customers"])

_EXAMPLE = "1k5f0q2v9a3bd"


class Spent(BaseModel):
    """Money in minor units of an ISO 4217 currency."""

    amount: int
    currency: str


class CustomerAnswer(BaseModel):
    """What one customer bought, as of today."""

    customer: str = Field(examples=[_EXAMPLE], description="Whom the asked one is counted as, after merges.")
    as_of: date = Field(description="The shop's present day.")
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
    stage: str | None = Field(description="`prospect` until the first order; null for who is not known to stages yet.")
    since: date | None = Field(description="The day on which the customer came to this stage.")
    threshold: ThresholdAnswer | None = Field(description="In force now; null before the first order.")
    due: DueAnswer | None = Field(description="What the clock will do if nothing comes before.")
    unsettled: bool = Field(description="The stage is about to be worked out anew, after an import.")
    transitions: list[ChangeAnswer] = Field(
        description=f"All changes, by number, also those that were taken back; the latest {CHANGES_SHOWN}."
    )

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
                **LIFE_EXAMPLE,
            }
        }
    )


@router.get("/{customer}", response_model=CustomerAnswer, summary="One customer's purchases and stages")
async def read_customer(
    *,
    caller: Annotated[Caller, Depends(allow("customers:read", personal=True))],
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
    basis: OnBasis = "restated",
) -> CustomerAnswer:
    """First and last order, revenue by currency, gaps between order days, and whether the customer is held today.

    Then the stage, since when and why, with every change that was published and the numbers behind it. `held` goes by
    the asked window, stages by the shop's settings, on either basis.
    """
    number = customer_number(customer)
    async with database.read(caller.shop_id) as reads:
        answer = await answer_of(reads, caller.shop, clock, number, window_days=window_days, basis=basis)
    if answer is None:
        raise not_found("customer")
    return answer


async def answer_of(
    reads: Reads,
    shop: Shop,
    clock: Clock,
    customer: CustomerId,
    *,
    window_days: int = 365,
    basis: BasisName = "restated",
) -> CustomerAnswer | None:
    """What is told of a customer, or of whom they were merged into; None for one who is not known here."""
    ground = await ground_of(reads, shop, clock)
    number, generation = ShopId(shop.number), ground.counters.generation
    customer = CustomerId(await canonical_of(reads, number, customer))
    bought = await history_of(reads, number, generation, customer, ground.today)
    if bought is not None and basis == "booked":
        bought = booked_history(await steps_of_customer(reads, number, customer), ground.today)
    life = await life_of(reads, number, generation, customer, ground.rules)
    changes = await changes_of(reads, number, generation, customer)
    if bought is None:
        return None
    text = customer_id_text(customer)
    bare = _bought(text, ground.today, window_days, history(bought, ground.today, window_days))
    bare["basis"] = basis
    return CustomerAnswer(**bare, **told(life, changes, ground))


def _bought(customer: str, today: int, window: int, found: History) -> dict[str, Any]:
    return {
        "customer": customer,
        "as_of": date.fromordinal(today),
        "window_days": window,
        "orders": found.orders,
        "revenue": [Spent(amount=amount, currency=currency) for currency, amount in found.revenue.items()],
        "first_order_day": _day(found.first),
        "last_order_day": _day(found.last),
        "days_since_last_order": found.days_since,
        "gaps": found.gaps,
        "held": found.held,
        "lost_on": _day(found.lost_on),
    }


def _day(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)
