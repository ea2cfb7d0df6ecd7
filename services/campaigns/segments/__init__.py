"""Slice `segments`: who belongs together by what is known of them; conditions, sized before use, kept by events."""

from services.campaigns.segments.consumer import TIMERS, following
from services.campaigns.segments.domain.condition import Condition, needed, parse, timed, written
from services.campaigns.segments.domain.judging import Facts, belongs, changes_on, day_at, facts_of, holds, language_of
from services.campaigns.segments.jobs import keep_making
from services.campaigns.segments.store.members import memberships_of

__all__ = [
    "TIMERS",
    "Condition",
    "Facts",
    "belongs",
    "changes_on",
    "day_at",
    "facts_of",
    "following",
    "holds",
    "keep_making",
    "language_of",
    "memberships_of",
    "needed",
    "parse",
    "timed",
    "written",
]
