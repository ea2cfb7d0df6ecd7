"""Slice `statements`: what members and staff read of accounts and tiers; sums for the books. It only reads."""

from services.loyalty.statements.api import ROUTERS

__all__ = ["ROUTERS"]
