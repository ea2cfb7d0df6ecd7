"""Slice `turns`: the day's turn of customers, in its fixed order: activate, review tiers, expire, announce; of points
and of rewards.

One timer for each customer, on the shop's clock, for whatever is due first.
"""

from services.loyalty.turns.jobs import DayTurns

__all__ = ["DayTurns"]
