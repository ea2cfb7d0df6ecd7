"""A row: how a route is asked well, and whose id its path names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from tests.security.ground import Place, customer_of


class Row(NamedTuple):
    """How a route is asked."""

    ids: Callable[[Place, str], dict[str, str]] | None = None
    """Ids of a shop that the path names; None where it names none: the shop is that of the key alone."""
    values: Mapping[str, str] = MappingProxyType({})
    """Other parts of the path."""
    query: Mapping[str, str] = MappingProxyType({})
    body: Any = None


AS_OF = "2025-06-01"
AUDIT = {"GET /v1/audit": Row()}


def of_customer(_place: Place, shop: str) -> dict[str, str]:
    """The shop's customer."""
    return {"customer": customer_of(shop)}
