"""Slice `segments`: who belongs together by what is known of them; conditions, sized before use, kept by events."""

from services.campaigns.segments.consumer import TIMERS, following, on_messages
from services.campaigns.segments.domain.condition import HISTORY, Condition, needed, parse, timed, written
from services.campaigns.segments.domain.history import History
from services.campaigns.segments.domain.judging import (
    Facts,
    belongs,
    changes_on,
    day_at,
    facts_of,
    holds,
    language_of,
)
from services.campaigns.segments.jobs import keep_making
from services.campaigns.segments.store.history import histories_of
from services.campaigns.segments.store.members import memberships_of

__all__ = [
    "HISTORY",
    "TIMERS",
    "Condition",
    "Facts",
    "History",
    "belongs",
    "changes_on",
    "day_at",
    "facts_of",
    "following",
    "histories_of",
    "holds",
    "keep_making",
    "language_of",
    "memberships_of",
    "needed",
    "on_messages",
    "parse",
    "timed",
    "written",
]
