"""What metrics holds of a person over HTTP, for an export."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.metrics.privacy import showing
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

router = APIRouter(prefix="/v1/customers", tags=["privacy"])

_EXAMPLE = "1k5f0q2v9a3bd"


class ExportAnswer(BaseModel):
    """What metrics holds of a customer."""

    service: str
    customer: str
    orders: list[dict[str, Any]] = Field(description="Facts of each order; money in minor units.")
    refunds: list[dict[str, Any]]
    stage_changes: list[dict[str, Any]] = Field(description="All changes of stage, also those that were taken back.")
    visit_days: list[date]

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "metrics",
                "customer": _EXAMPLE,
                "orders": [{"order_id": "1042", "status": "completed", "net": 15_000, "currency": "USD"}],
                "refunds": [],
                "stage_changes": [],
                "visit_days": ["2026-03-20"],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that metrics holds of a customer")
async def export(
    caller: Annotated[Caller, Depends(allow("personal:read", personal=True))],
    database: DatabaseDep,
    customer: Annotated[
        str,
        Path(
            pattern=CUSTOMER_PATTERN,
            description="The platform's own id; gateway's export names all identities of a person.",
            examples=[_EXAMPLE],
        ),
    ],
) -> dict[str, Any]:
    """Orders, refunds, changes of stage and days of visits, by the surrogate id. One identity at a time."""
    number = customer_number(customer)
    async with database.read(caller.shop_id) as reads:
        found = await showing.export(reads, caller.shop_id, number)
    if not any(found[kind] for kind in ("orders", "refunds", "stage_changes", "visit_days")):
        raise not_found("customer")
    return found
