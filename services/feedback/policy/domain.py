"""A shop's policy of asking. Pure."""

from __future__ import annotations

from datetime import timedelta

import msgspec


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all surveys and cases of a shop."""

    rest_days: int = 30
    """A customer is asked at most once in so many days, whatever the survey."""
    case_hours: int = 48
    """A case is to be solved so many hours after it was opened."""
    escalate_hours: int = 24
    """A case that was not solved in time is told again so often …"""
    escalations: int = 3
    """… and so many times in all."""

    @property
    def rest(self) -> timedelta:
        """As a duration."""
        return timedelta(days=self.rest_days)
