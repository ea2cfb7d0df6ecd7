"""What loyalty holds of a person over HTTP, for an export."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.loyalty.privacy import showing
from shared.web import EXPORTED_EXAMPLE, DatabaseDep, ExportCaller, ExportedCustomer, exported

router = APIRouter(prefix="/v1/customers", tags=["privacy"])


class ExportAnswer(BaseModel):
    """What loyalty holds of a customer."""

    service: str
    customer: str
    membership: dict[str, Any] | None = Field(description="Null for who never joined.")
    account: dict[str, int] | None = Field(description="Points by where they lie; null where there never were any.")
    tier: dict[str, Any] | None = Field(description="Level (empty: the first) and since when; null: none was told.")
    cards: list[dict[str, Any]] = Field(description="By number, with their state.")
    orders: list[dict[str, Any]] = Field(description="Each order, with the points that stand for it.")
    interactions: list[dict[str, Any]] = Field(description="Those that earn, likewise.")
    postings: list[dict[str, Any]] = Field(description="Every line of the ledger.")
    redemptions: list[dict[str, Any]] = Field(description="Rewards that were asked for, and what became of each.")
    deliveries: list[dict[str, Any]] = Field(description="What receivers of entitlements were told, or are to be.")
    segments: list[dict[str, Any]] = Field(description="Which segments they entered or left, and when, as was told.")
    corrections: list[dict[str, Any]] = Field(description="Points given or taken by hand, with what staff wrote.")

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "service": "loyalty",
                "customer": EXPORTED_EXAMPLE,
                "membership": {
                    "state": "active",
                    "joined_at": "2026-03-20T10:15:00Z",
                    "how": "first_order",
                    "reason": "",
                    "absences": 0,
                },
                "account": {"pending": 0, "active": 150, "held": 0, "owed": 0},
                "tier": {"level": "silver", "since": "2026-03-20"},
                "cards": [{"number": "9000000000010014", "kind": "digital", "state": "active"}],
                "orders": [{"order_id": "1042", "status": "completed", "points": 150}],
                "interactions": [],
                "postings": [],
                "redemptions": [],
                "deliveries": [],
                "segments": [],
                "corrections": [],
            }
        }
    )


@router.get("/{customer}/export", response_model=ExportAnswer, summary="All that loyalty holds of a customer")
async def export(caller: ExportCaller, database: DatabaseDep, customer: ExportedCustomer) -> dict[str, Any]:
    """Membership, account, orders, interactions, postings, rewards, corrections. One identity at a time."""
    return await exported(caller, database, customer, showing.export)
