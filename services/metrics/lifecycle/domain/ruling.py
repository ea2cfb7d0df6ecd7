"""A shop's settings of stages as the rules that stages are worked out by. Pure."""

from __future__ import annotations

from functools import lru_cache

from services.metrics.lifecycle.domain.thresholds import Activity, Rules
from shared.contracts.shops import Lifecycle

_ACTIVITY = {"orders": Activity.ORDERS, "visits": Activity.VISITS, "either": Activity.EITHER}


@lru_cache(maxsize=256)
def rules_of(settings: Lifecycle) -> Rules:
    """The rules that these settings say."""
    return Rules(
        lost_days=settings.lost_days,
        onboarding_days=settings.onboarding_days,
        personal=settings.lapsing == "personal",
        fixed_days=settings.lapsing_days,
        floor=settings.lapsing_floor,
        quantile=settings.lapsing_quantile,
        activity=_ACTIVITY[settings.activity],
    )
