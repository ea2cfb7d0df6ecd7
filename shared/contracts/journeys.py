"""`campaigns.journeys.v1`: runs of journeys as they go, keyed by shop and customer, and what staff do with journeys.

A run is one customer's way through one version of a journey. It has one id in all of its events. Its events are told in
the order in which they happened; each happens once.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from shared.contracts.campaigns import Name
from shared.contracts.envelope import Envelope, Instant


class RunOf(msgspec.Struct, frozen=True, kw_only=True):
    """A run: whose, of what."""

    customer: str
    """The identity that it was entered for."""
    journey: Name
    version: int
    """Of the journey, which the run keeps."""
    run: str
    """Its id; messages of it name it too."""
    key: str = ""
    """What the run is for, where a journey is keyed: a cart, an order."""
    control: bool = False
    """Held out: the run goes the same way, and nothing is sent, granted or asked of staff."""
    variant: str = ""
    """Of the last random split that the run has come to, as `step:variant`."""


class RunEntered(RunOf, frozen=True, kw_only=True):
    """A run that begins."""

    trigger: str
    """The event that it was entered by; `by-hand`, `date`."""
    occurred_at: Instant
    """When that occurred."""


class RunMoved(RunOf, frozen=True, kw_only=True):
    """A step that is done. A run does a step once."""

    step: Name
    kind: str
    """`send`, `wait`, `wait_for`, `wait_until`, `branch`, `split`, `points`, `reward`, `end`."""
    outcome: str
    """`planned`, `withheld` (of the control group), `over`, `met`, `missed`, `yes`, `no`, the name of a variant."""


class RunEnded(RunOf, frozen=True, kw_only=True):
    """A run that is over."""

    step: str = ""
    """At which it stood; empty: it had come to the end."""


class RunGoal(RunEnded, frozen=True, kw_only=True):
    """A run whose goal was reached."""

    event: str
    """By which event, such as `order.completed`."""
    occurred_at: Instant


class RunExit(RunEnded, frozen=True, kw_only=True):
    """A run that ended before its end."""

    reason: Literal["exit", "killed", "erased"]
    """An exit rule of the journey; the journey was ended; the customer was erased."""
    event: str = ""
    """Of an exit rule: by which event."""


class JourneyEntered(Envelope, frozen=True, kw_only=True, tag="journey.entered"):
    """A customer begins a run."""

    data: RunEntered


class JourneyMoved(Envelope, frozen=True, kw_only=True, tag="journey.moved"):
    """A run has done a step."""

    data: RunMoved


class JourneyGoalReached(Envelope, frozen=True, kw_only=True, tag="journey.goal.reached"):
    """A run is over, since its goal is reached. Of its messages none that waits is sent."""

    data: RunGoal


class JourneyCompleted(Envelope, frozen=True, kw_only=True, tag="journey.completed"):
    """A run has come to its end."""

    data: RunEnded


class JourneyExited(Envelope, frozen=True, kw_only=True, tag="journey.exited"):
    """A run ended before its end. Of its messages none that waits is sent."""

    data: RunExit


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """How a journey stands."""

    journey: Name
    version: int
    """The one that new runs enter."""
    state: Literal["active", "paused", "killed"]
    change: Literal["published", "paused", "resumed", "killed"]
    actor: str
    """`key:<key id>` or `staff:<subject>`."""


class JourneyControl(Envelope, frozen=True, kw_only=True, tag="journey.control"):
    """Staff published, paused, resumed or ended a journey. Keyed by the shop."""

    data: Control


CampaignsJourneyEvent = (
    JourneyEntered | JourneyMoved | JourneyGoalReached | JourneyCompleted | JourneyExited | JourneyControl
)
