"""Samples of what is told of journeys, and of what they ask of loyalty."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.contracts.campaigns import JourneyRequest, JourneyRequested
from shared.contracts.journeys import (
    Control,
    JourneyCompleted,
    JourneyControl,
    JourneyEntered,
    JourneyExited,
    JourneyGoalReached,
    JourneyMoved,
    RunEnded,
    RunEntered,
    RunExit,
    RunGoal,
    RunMoved,
)
from shared.contracts.loyalty_requests import RewardRequest, RewardRequested

_RUN = "019d0fbe-4b40-8c52-9c5e-2f6d1f0a7b18"


def journey_samples(attributes: dict[str, Any], customer: str, time: datetime) -> list[msgspec.Struct]:
    """One of each event type."""
    run: dict[str, Any] = {"customer": customer, "journey": "abandoned-cart", "version": 1, "run": _RUN, "key": "c-77"}
    asked = JourneyRequest(customer=customer, journey="welcome", occasion="spring-2026", values={"days": 7})
    control = Control(journey="abandoned-cart", version=1, state="active", change="published", actor="staff:u-17")
    return [
        JourneyRequested(**attributes, data=asked),
        JourneyEntered(**attributes, data=RunEntered(**run, trigger="product added", occurred_at=time)),
        JourneyMoved(**attributes, data=RunMoved(**run, step="first", kind="send", outcome="planned")),
        JourneyGoalReached(**attributes, data=RunGoal(**run, step="second", event="order.completed", occurred_at=time)),
        JourneyCompleted(**attributes, data=RunEnded(**run)),
        JourneyExited(**attributes, data=RunExit(**run, step="second", reason="killed")),
        JourneyControl(**attributes, data=control),
        RewardRequested(
            **attributes,
            data=RewardRequest(id=f"{_RUN}.spa", customer=customer, reward="spa", ref="journey:abandoned-cart"),
        ),
    ]
