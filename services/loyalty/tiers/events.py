"""A change of a tier, as the contract has it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, cast

from msgspec import UNSET

from services.loyalty.points import Cause
from services.loyalty.programmes import Level, Tiers
from services.loyalty.tiers.domain.plans import NEVER, Plan
from services.loyalty.tiers.domain.standing import BASE, Change, Standing
from shared.contracts import loyalty as contract
from shared.contracts.envelope import Origin
from shared.kernel import CustomerId, DayOrdinal, customer_id_text, derive_event_id, moment_of, us_of

SOURCE = "mandegar/loyalty"
TYPE = "tier.changed"


class Telling(NamedTuple):
    """A change that is to be told."""

    customer: int
    change: Change
    standing: Standing
    """At the end of all changes."""
    number: int
    """Of this change, counted from 1."""
    cause: Cause


def told(telling: Telling, plan: Plan, sequence: int) -> contract.TierChanged:
    """The event."""
    change, cause, standing = telling.change, telling.cause, telling.standing
    name = customer_id_text(CustomerId(telling.customer))
    time = moment(plan, change.day) if change.opening else moment_of(cause.at)
    last = standing.id == change.after
    what = f"{name}:{telling.number}:{change.after}"
    return contract.TierChanged(
        id=derive_event_id(us_of(time) // 1_000, plan.slug, what, TYPE),
        source=SOURCE,
        subject=name,
        time=time,
        shop=plan.slug,
        origin=cast(Origin, cause.origin),
        sequence=sequence,
        causationid=cause.event_id or UNSET,
        correlationid=cause.correlation or UNSET,
        data=contract.TierChange(
            customer=name,
            before=_tier(standing.tiers, change.before),
            after=_tier(standing.tiers, change.after),
            direction=_direction(standing.tiers, change),
            reason=change.why,
            programme=change.version,
            since=moment(plan, change.day),
            review_at=moment(plan, standing.due) if last and standing.due != NEVER else None,
        ),
    )


def moment(plan: Plan, day: int) -> datetime:
    """When a day of the shop begins."""
    return plan.zone.start_of(DayOrdinal(day))


def _level(tiers: Tiers | None, level: str) -> Level | None:
    levels = () if tiers is None else tiers.levels
    if level == BASE:
        return levels[0] if levels else None
    return next((one for one in levels if one.id == level), None)


def _tier(tiers: Tiers | None, level: str) -> contract.Tier | None:
    found = _level(tiers, level)
    if found is None:
        return contract.Tier(id=level, name=level) if level else None
    return contract.Tier(id=found.id, name=found.name, percent=found.percent, benefits=list(found.benefits))


def _direction(tiers: Tiers | None, change: Change) -> contract.Direction:
    ids = [BASE] if tiers is None else [BASE, *(one.id for one in tiers.levels[1:])]
    before = ids.index(change.before) if change.before in ids else len(ids)
    return "up" if change.after in ids and ids.index(change.after) > before else "down"
