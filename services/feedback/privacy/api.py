"""What feedback holds of a person over HTTP, for an export."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from services.feedback.privacy import showing
from shared.web import CUSTOMER_PATTERN, Caller, DatabaseDep, allow, customer_number, not_found

router = APIRouter(prefix="/v1/customers", tags=["privacy"])

_EXAMPLE = "1k5f0q2v9a3bd"


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
                "customer": _EXAMPLE,
                "known": {"locale": "fa-IR", "stage": "active", "tier": "gold"},
                "invitations": [{"survey": "nps-after-delivery", "occasion": "order:A-1001", "state": "answered"}],
                "answers": [{"survey": "nps-after-delivery", "score": 9, "texts": {"why": "Quick"}}],
                "cases": [{"cause": "complaint", "state": "solved", "outcome": "replaced"}],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that feedback holds of a customer")
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
    """Invitations, answers and cases. One identity at a time."""
    number = customer_number(customer)
    async with database.read(caller.shop_id) as reads:
        found = await showing.export(reads, caller.shop_id, number)
    if not any(found[kind] for kind in found.keys() - {"service", "customer"}):
        raise not_found("customer")
    return found
