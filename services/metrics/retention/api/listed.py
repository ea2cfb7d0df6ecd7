"""How lists of customers look over HTTP, for the API's description."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from services.metrics.retention.api.answers import AmountAnswer


class ListedAnswer(BaseModel):
    """One of the customers behind a number."""

    customer: str = Field(description="The platform's own id.")
    first_order_day: date
    last_order_day: date | None = Field(description="The last one up to the day of the question.")
    orders: int = Field(description="Orders of the window, in any currency.")
    revenue: AmountAnswer = Field(description="Of those in the asked currency, less refunds.")


class CustomersAnswer(BaseModel):
    """A page of the customers behind a number, by id."""

    as_of: date
    of: str
    cohort: str | None
    month: int | None
    return_days: int | None
    window_days: int
    period_days: int
    basis: str
    currency: str
    total: int = Field(description="The number: so many customers stand on all pages together.")
    items: list[ListedAnswer]
    next: str | None = Field(description="Cursor of the next page; null on the last.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "as_of": "2026-03-20",
                "of": "lost",
                "cohort": None,
                "month": None,
                "return_days": None,
                "window_days": 365,
                "period_days": 30,
                "basis": "restated",
                "currency": "USD",
                "total": 1,
                "items": [
                    {
                        "customer": "1k5f0q2v9a3bd",
                        "first_order_day": "2024-11-02",
                        "last_order_day": "2025-03-04",
                        "orders": 0,
                        "revenue": {"amount": 0, "currency": "USD"},
                    }
                ],
                "next": None,
            }
        }
    )
