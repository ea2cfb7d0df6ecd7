"""Accounts and tiers over HTTP, reads alone: the customer's side, and the staff's."""

from services.loyalty.statements.api.books import router as books
from services.loyalty.statements.api.members import router as members
from services.loyalty.statements.api.staff import router as staff

ROUTERS = (members, staff, books)

__all__ = ["ROUTERS"]
