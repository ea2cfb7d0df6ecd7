"""What metrics holds of a person over HTTP, for an export."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.metrics.privacy import showing
from shared.web import EXPORTED_EXAMPLE, DatabaseDep, ExportCaller, ExportedCustomer, exported

router = APIRouter(prefix="/v1/customers", tags=["privacy"])


class ExportAnswer(BaseModel):
    """What metrics holds of a customer."""

    service: str
    customer: str
    orders: list[dict[str, Any]] = Field(description="Facts of each order; money in minor units.")
    refunds: list[dict[str, Any]]
    stage_changes: list[dict[str, Any]] = Field(description="All changes of stage, also those that were taken back.")
    visit_days: list[date]
    nps_answers: list[dict[str, Any]] = Field(description="Scores from 0 to 10, with when and feedback's id of each.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "metrics",
                "customer": EXPORTED_EXAMPLE,
                "orders": [{"order_id": "1042", "status": "completed", "net": 15_000, "currency": "USD"}],
                "refunds": [],
                "stage_changes": [],
                "visit_days": ["2026-03-20"],
                "nps_answers": [],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that metrics holds of a customer")
async def export(caller: ExportCaller, database: DatabaseDep, customer: ExportedCustomer) -> dict[str, Any]:
    """Orders, refunds, changes of stage, days of visits and scores, by the surrogate id. One identity at a time."""
    return await exported(caller, database, customer, showing.export)
