"""rewards: the shop's catalogue, and what customers redeem: held, granted, used, expired; codes, stock, budgets."""

from services.loyalty.rewards.following import follow_orders
from services.loyalty.rewards.jobs import RewardJobs
from services.loyalty.rewards.store.redemptions import of_customer

__all__ = ["RewardJobs", "follow_orders", "of_customer"]
