"""Which surveys an order asks for, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from services.feedback.surveys.domain.asking import Wish
from services.feedback.surveys.domain.body import Survey
from shared.kernel import CustomerId, customer_id_text, derive_event_id


class Ordered(NamedTuple):
    """An order, as far as surveys care. What came by the lane of history has neither instant."""

    order: str
    customer: int | None
    """Who ordered; None: unknown, or a guest."""
    void: bool
    """It was cancelled, or wholly refunded."""
    completed_at: datetime | None
    delivered_at: datetime | None


class Wanted(NamedTuple):
    """A wish of a customer."""

    customer: int
    occasion: str
    wish: Wish
    fresh: bool
    """It is not too long ago."""


def occasion_of(order: str) -> str:
    """As an invitation names an order."""
    return f"order:{order}"


def invitation_id(slug: str, survey: str, occasion: str, customer: int) -> str:
    """One for each survey, occasion and customer."""
    cause = "\x1f".join((survey, occasion, customer_id_text(CustomerId(customer))))
    return derive_event_id(0, slug, cause, "invitation")


def wanted(slug: str, ordered: Ordered, surveys: Mapping[str, Survey], now: datetime) -> list[Wanted]:
    """What an order asks for as it stands."""
    if ordered.void or ordered.customer is None:
        return []
    found = []
    at: dict[str, datetime | None] = {
        "order_completed": ordered.completed_at,
        "order_delivered": ordered.delivered_at,
    }
    for name, survey in sorted(surveys.items()):
        since = at.get(survey.trigger.on)
        if survey.active and since is not None:
            found.append(
                wish_for(slug, name, survey, (ordered.customer, occasion_of(ordered.order)), since=since, now=now)
            )
    return found


def wish_for(slug: str, name: str, survey: Survey, whom: tuple[int, str], *, since: datetime, now: datetime) -> Wanted:
    """A wish that something gave rise to at `since`. `whom`: the customer, and the occasion."""
    customer, occasion = whom
    due = since + timedelta(hours=survey.trigger.delay_hours)
    wish = Wish(invitation_id(slug, name, occasion, customer), name, due, due + survey.patience)
    return Wanted(customer, occasion, wish, fresh=now - since <= timedelta(hours=survey.trigger.max_age_hours))


def wish_at_once(slug: str, name: str, survey: Survey, whom: tuple[int, str], now: datetime) -> Wanted:
    """The wish of staff, who do not wait for what the survey's trigger waits for."""
    customer, occasion = whom
    wish = Wish(invitation_id(slug, name, occasion, customer), name, now, now + survey.patience)
    return Wanted(customer, occasion, wish, fresh=True)


def next_interval(slug: str, name: str, survey: Survey, customer: int, *, since: datetime, number: int) -> Wanted:
    """The asking with this number of a survey that comes at intervals; `since`: the first order, or the last asking."""
    due = since + timedelta(days=survey.trigger.every_days)
    occasion = f"interval:{number}"
    wish = Wish(invitation_id(slug, name, occasion, customer), name, due, due + survey.patience)
    return Wanted(customer, occasion, wish, fresh=True)


def at_intervals(surveys: Mapping[str, Survey]) -> Iterable[tuple[str, Survey]]:
    """Surveys that come at intervals."""
    return ((name, one) for name, one in sorted(surveys.items()) if one.active and one.trigger.on == "interval")
