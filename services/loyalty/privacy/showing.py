"""What loyalty holds of one customer, in words."""

from __future__ import annotations

from typing import Any

from services.loyalty.members import member_of, membership
from services.loyalty.points import Bucket, Kind
from services.loyalty.privacy import store
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text

_STATUS = ("unknown", "cancelled", "completed")


async def export(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any]:
    """Everything that is kept under the customer's id; empty lists where there is nothing."""
    member = await member_of(reads, shop, customer)
    occasions = await store.occasions_of(reads, shop, customer)
    said = None if member is None else membership(member)
    return {
        "service": "loyalty",
        "customer": customer_id_text(customer),
        "membership": None
        if member is None or said is None
        else {
            "state": said.state,
            "joined_at": said.joined_at,
            "how": said.how,
            "reason": said.reason,
            "absences": len(member.absences),
        },
        "account": await store.account_of(reads, shop, customer),
        "orders": [
            {
                "order_id": one["id"],
                "completed_at": one["first_at"],
                "status": _STATUS[one["status"]],
                "revenue": one["revenue"],
                "currency": one["currency"],
                "points": one["points"],
            }
            for one in occasions
            if not one["name"]
        ],
        "interactions": [
            {"name": one["name"], "at": one["first_at"], "points": one["points"]} for one in occasions if one["name"]
        ],
        "postings": [
            {
                **one,
                "kind": Kind(one["kind"]).name.lower(),
                "debit": Bucket(one["debit"]).name.lower(),
                "credit": Bucket(one["credit"]).name.lower(),
            }
            for one in await store.postings_of(reads, shop, customer)
        ],
    }
