"""tiers: which level of the programme a person is on, by what they did in a window of the shop's own days.

Where somebody stands is worked out from their orders and interactions, and from nothing else (`walk`): whatever comes
late, twice or is taken back, the outcome is that of a recount. What is kept is only what was told of it last.
"""

from services.loyalty.tiers.domain.outlook import Climbing, Keeping, climbing, keeping
from services.loyalty.tiers.domain.plans import Day, Plan, Stage, added, gathered, plan_of
from services.loyalty.tiers.domain.standing import Course, Standing, level_on, walk
from services.loyalty.tiers.jobs import TierJobs
from services.loyalty.tiers.reviewing import Asked, Looked, beside, keep, look
from services.loyalty.tiers.store import days_of

__all__ = [
    "Asked",
    "Climbing",
    "Course",
    "Day",
    "Keeping",
    "Looked",
    "Plan",
    "Stage",
    "Standing",
    "TierJobs",
    "added",
    "beside",
    "climbing",
    "days_of",
    "gathered",
    "keep",
    "keeping",
    "level_on",
    "look",
    "plan_of",
    "walk",
]
