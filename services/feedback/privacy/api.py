"""What feedback holds of a person over HTTP, for an export."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.feedback.privacy import showing
from shared.web import EXPORTED_EXAMPLE, DatabaseDep, ExportCaller, ExportedCustomer, exported

router = APIRouter(prefix="/v1/customers", tags=["privacy"])


class ExportAnswer(BaseModel):
    """What feedback holds of a customer."""

    service: str
    customer: str
    known: dict[str, Any] | None = Field(description="Language, stage, tier; null where nothing was told.")
    invitations: list[dict[str, Any]] = Field(description="What they were asked, or wait to be.")
    answers: list[dict[str, Any]] = Field(description="What they answered, in their own words as well.")
    cases: list[dict[str, Any]] = Field(description="Cases, with what was done about each.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "feedback",
                "customer": EXPORTED_EXAMPLE,
                "known": {"locale": "fa-IR", "stage": "active", "tier": "gold"},
                "invitations": [{"survey": "nps-after-delivery", "occasion": "order:A-1001", "state": "answered"}],
                "answers": [{"survey": "nps-after-delivery", "score": 9, "texts": {"why": "Quick"}}],
                "cases": [{"cause": "complaint", "state": "solved", "outcome": "replaced"}],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that feedback holds of a customer")
async def export(caller: ExportCaller, database: DatabaseDep, customer: ExportedCustomer) -> dict[str, Any]:
    """Invitations, answers and cases. One identity at a time."""
    return await exported(caller, database, customer, showing.export)
