"""rewards: the shop's catalogue, and what customers redeem: held, granted, used, expired; codes, stock, budgets."""

from services.loyalty.rewards.consumer import on_requests
from services.loyalty.rewards.following import follow_orders
from services.loyalty.rewards.jobs import RewardJobs
from services.loyalty.rewards.store.redemptions import of_customer
from services.loyalty.rewards.turning import RewardTurns, arm_rewards, turn_rewards

__all__ = [
    "RewardJobs",
    "RewardTurns",
    "arm_rewards",
    "follow_orders",
    "of_customer",
    "on_requests",
    "turn_rewards",
]
