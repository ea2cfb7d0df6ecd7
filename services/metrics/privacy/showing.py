"""What metrics holds of one customer, in words."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.metrics.lifecycle import Stage
from services.metrics.privacy import store
from shared.db import Reads
from shared.kernel import CustomerId, ShopId, customer_id_text


async def export(reads: Reads, shop: ShopId, customer: CustomerId) -> dict[str, Any]:
    """Everything that is kept under the customer's id; empty lists where there is nothing."""
    changes = await store.changes_of(reads, shop, customer)
    return {
        "service": "metrics",
        "customer": customer_id_text(customer),
        "orders": await store.orders_of(reads, shop, customer),
        "refunds": await store.refunds_of(reads, shop, customer),
        "stage_changes": [
            {
                "number": one["n"],
                "day": date.fromordinal(one["day"]),
                "previous": Stage(one["previous"]).name.lower(),
                "stage": Stage(one["stage"]).name.lower(),
                "time": one["time"],
                "taken_back": one["taken_back"],
            }
            for one in changes
        ],
        "visit_days": [date.fromordinal(day) for day in await store.visits_of(reads, shop, customer)],
        "nps_answers": await store.answers_of(reads, shop, customer),
    }
