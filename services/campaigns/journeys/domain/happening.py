"""What journeys hear of customers: events of all topics in one form. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from services.campaigns.journeys.domain.journey import Filter, Match

Value = str | int | bool
_ORDER = ("order", "revenue", "currency", "checkout", "coupon")
_STAGE = ("stage", "previous", "reason", "days")
_POINTS = ("points", "active", "days", "source", "source_id", "expires_at")
_MESSAGE = ("message", "campaign", "step", "occasion", "template", "channel", "purpose", "run")
_SURVEY = ("survey", "version", "kind", "occasion")
_ANSWER = (*_SURVEY, "score", "group", "by", "complete", "stage", "tier")
FIELDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        event: frozenset(fields)
        for events, fields in (
            (("order.completed", "order.cancelled"), _ORDER),
            (("order.refunded",), ("order", "is_full")),
            (("customer.stage.changed", "customer.lapsing", "customer.lost", "customer.reactivated"), _STAGE),
            (("points.earned", "points.activated", "points.redeemed", "points.restored"), _POINTS),
            (("points.expiring", "points.expired", "points.clawed-back"), _POINTS),
            (("member.joined", "member.left", "member.blocked", "member.unblocked"), ("how",)),
            (("tier.changed",), ("tier", "tier_name", "before", "direction", "reason")),
            (("segment.entered", "segment.left"), ("segment", "version", "reason")),
            (("message.sent", "message.failed", "message.unknown", "message.suppressed", "message.deferred"), _MESSAGE),
            (("message.delivered", "message.opened", "message.complained"), _MESSAGE),
            (("message.clicked",), (*_MESSAGE, "link")),
            (("message.bounced",), (*_MESSAGE, "hard", "reason")),
            (("survey.sent", "survey.opened", "survey.dismissed", "survey.expired"), _SURVEY),
            (("survey.answered", "nps.detractor"), _ANSWER),
        )
        for event in events
    }
)
"""Fields by event, but of interactions."""
OF_INTERACTIONS = frozenset(
    {"cart", "order", "product", "sku", "category", "brand", "variant", "quantity", "price", "currency"}
)


class Happening(NamedTuple):
    """Something that happened with a customer."""

    shop: int
    customer: int
    name: str
    at: datetime
    cause: str
    """What it is by its business key: told twice it is one."""
    fields: Mapping[str, Value]
    origin: str = "live"
    partition: int = 0
    journey: str = ""
    """Only this one is entered by it."""


def is_interaction(event: str) -> bool:
    """Names of interactions are words, those of other events have dots."""
    return "." not in event


def fields_of(event: str) -> frozenset[str]:
    """What an event may be asked for."""
    return OF_INTERACTIONS if is_interaction(event) else FIELDS.get(event, frozenset())


def passes(fields: Mapping[str, Value], filters: Iterable[Filter]) -> bool:
    """Whether all of them are satisfied."""
    return all(_passes(fields.get(one.field), one) for one in filters)


def means(match: Match, happening: Happening, key: str, run: str = "") -> bool:
    """Whether this is one of the events that are meant. `key`: what the run is for; `run`: its id."""
    if match.event != happening.name or not passes(happening.fields, match.where):
        return False
    if match.same is None:
        return True
    found = happening.fields.get(match.same)
    return found is not None and str(found) == (run if match.same == "run" else key)


def any_means(matches: Sequence[Match], happening: Happening, key: str, run: str = "") -> bool:
    """Whether any of them means it."""
    return any(means(one, happening, key, run) for one in matches)


def _passes(found: Value | None, one: Filter) -> bool:
    if one.op == "is_not":
        return found != one.value or type(found) is not type(one.value)
    if found is None or type(found) is not type(one.value):
        return False
    if one.op == "is":
        return found == one.value
    if isinstance(found, str) or isinstance(one.value, str):
        return False
    return found >= one.value if one.op == "at_least" else found <= one.value
