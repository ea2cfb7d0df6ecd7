"""How requests name a customer, and who it is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from services.gateway import identity
from services.gateway.identity import Mark, Marker
from services.gateway.intake import RulesBook
from shared.kernel import CustomerId
from shared.web import CUSTOMER_PATTERN, Caller, FieldError, customer_number, invalid, not_found

Customer = Annotated[
    str,
    Path(
        pattern=CUSTOMER_PATTERN,
        description="The platform's own id of the customer, thirteen characters.",
        examples=["1k5f0q2v9a3bd"],
    ),
]


class Named(BaseModel):
    """A person, named by exactly one of these."""

    customer: str | None = Field(None, pattern=CUSTOMER_PATTERN, description="The platform's own id.")
    customer_id: str | None = Field(None, min_length=1, max_length=200, description="The shop's own id.")
    phone: str | None = Field(None, min_length=1, max_length=40, description="In any form that the shop sends.")
    email: str | None = Field(None, min_length=1, max_length=254, description="In any case.")

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"example": {"customer": "1k5f0q2v9a3bd"}})


class Namer:
    """Finds who is meant. One for each application."""

    def __init__(self, secret: bytes) -> None:
        """`secret`: the platform's, which keys the fingerprints."""
        self._marker = Marker(secret)
        self._book = RulesBook()

    async def find(self, reads: Any, caller: Caller, named: Named) -> CustomerId:
        """The customer. Problem 422 unless one thing names them, 404 where it leads to nobody."""
        given = [field for field in ("customer", "customer_id", "phone", "email") if getattr(named, field) is not None]
        if len(given) != 1:
            raise invalid(FieldError("body", "name the person by one of customer, customer_id, phone, email"))
        if named.customer is not None:
            return customer_number(named.customer)
        mark = self._mark(caller, named)
        found = None if mark is None else await identity.find(reads, caller.shop_id, mark)
        if found is None:
            raise not_found("customer")
        return found

    def _mark(self, caller: Caller, named: Named) -> Mark | None:
        rules = self._book.of(caller.shop).marking
        if named.customer_id is not None:
            return self._marker.customer_id(rules, named.customer_id)
        if named.phone is not None:
            return self._marker.phone(rules, named.phone)
        return None if named.email is None else self._marker.email(rules, named.email)
