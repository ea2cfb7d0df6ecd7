"""What a service holds of a customer, for an export: the form of its route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Path

from shared.db import Reads
from shared.kernel import CustomerId, ShopId
from shared.problems import not_found
from shared.web.access import allow
from shared.web.callers import Caller
from shared.web.customers import CUSTOMER_PATTERN, customer_number
from shared.web.database import DatabaseDep

EXPORTED_EXAMPLE = "1k5f0q2v9a3bd"

ExportCaller = Annotated[Caller, Depends(allow("personal:read", personal=True))]
"""Who may have it."""
ExportedCustomer = Annotated[
    str,
    Path(
        pattern=CUSTOMER_PATTERN,
        description="The platform's own id; gateway's export names all identities of a person.",
        examples=[EXPORTED_EXAMPLE],
    ),
]
"""Of whom, one identity at a time."""
Show = Callable[[Reads, ShopId, CustomerId], Awaitable[dict[str, Any]]]
"""Reads what is held: `service`, `customer`, and each kind of data by its name."""


async def exported(caller: Caller, database: DatabaseDep, customer: str, show: Show) -> dict[str, Any]:
    """What is held; 404 where that is nothing."""
    number = customer_number(customer)
    async with database.read(caller.shop_id) as reads:
        found = await show(reads, caller.shop_id, number)
    if not any(found[kind] for kind in found.keys() - {"service", "customer"}):
        raise not_found("customer")
    return found
