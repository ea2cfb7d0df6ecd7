"""Customers in addresses."""

from __future__ import annotations

from shared.kernel import CustomerId, parse_customer_id
from shared.problems import not_found

CUSTOMER_PATTERN = "^[0-3][0-9a-v]{12}$"


def customer_number(customer: str) -> CustomerId:
    """The number behind an id. Problem 404 for what no id can be."""
    try:
        return parse_customer_id(customer)
    except ValueError:
        raise not_found("customer") from None
