"""From topics to the domain: what events tell of identities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET

from services.campaigns.audience.domain import (
    SEPARATOR,
    Answered,
    Attribute,
    Contacts,
    Key,
    Line,
    Named,
    PointsTold,
    StageTold,
    lines_as_detail,
)
from shared.contracts.customers import Birthday, CustomerEvent
from shared.contracts.envelope import Envelope
from shared.contracts.feedback import FeedbackSurveysEvent, SurveyAnswered
from shared.contracts.lifecycle import LifecycleEvent, StageRetracted
from shared.contracts.loyalty import LoyaltyMembersEvent, LoyaltyPointsEvent, TierChanged
from shared.contracts.orders import ClockAdvanced, OrderEvent, OrderRefunded, OrdersEvent
from shared.kernel import birthday_of
from shared.messaging.handling import Delivery
from shared.messaging.naming import Refuse, named
from shared.orders import FUTURE_US, OrderState, fault, merge, microseconds, standing, state_of

OrderKey = tuple[int, str]
"""Shop and order."""
_SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}


def sequence_of(event: Envelope) -> int:
    """The number by which events that tell a whole state follow one another."""
    return 0 if event.sequence is UNSET else event.sequence


def read_contacts(
    deliveries: Sequence[Delivery[CustomerEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, tuple[int, Contacts]]:
    """The last word on each identity, with its sequence."""
    found: dict[Key, tuple[int, Contacts]] = {}
    for key, delivery in named(deliveries, numbers, refuse):
        data, sequence = delivery.event.data, sequence_of(delivery.event)
        if key not in found or sequence > found[key][0]:
            told = Contacts(data.name, data.email, data.phone, data.locale, data.shop_customer_id)
            told = Contacts(*(_storable(text) for text in told))
            found[key] = sequence, told._replace(birthday=_birthday(data.birthday))
    return found


def read_orders(
    deliveries: Sequence[Delivery[OrdersEvent]], numbers: Mapping[str, int], now: datetime, refuse: Refuse
) -> dict[OrderKey, OrderState]:
    """What a batch tells of orders."""
    found: dict[OrderKey, OrderState] = {}
    limit = microseconds(now) + FUTURE_US
    for delivery in deliveries:
        event = delivery.event
        if isinstance(event, ClockAdvanced):
            continue
        reason = fault(event, limit)
        if reason is not None:
            refuse(delivery, *reason)
            continue
        key = (numbers[event.shop], event.data.order_id)
        told = _with_lines(state_of(event), event)
        found[key] = standing(merge(found[key], told) if key in found else told)
    return found


def _with_lines(told: OrderState, event: OrderEvent) -> OrderState:
    """The same, with what the lines are of."""
    if isinstance(event, OrderRefunded) or not event.data.lines:
        return told
    lines = [
        Line(one.line_id, *(_storable(name) or "" for name in (one.product_id, one.sku, one.category)))
        for one in event.data.lines
        if one.product_id or one.sku or one.category
    ]
    detail = lines_as_detail(lines)
    return OrderState(told.marks, {at: one._replace(detail=detail) for at, one in told.contents.items()}, told.tellings)


def read_stages(
    deliveries: Sequence[Delivery[LifecycleEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[tuple[int, int, int], StageTold]:
    """Changes by (shop, identity, number); one that was taken back stays so."""
    found: dict[tuple[int, int, int], StageTold] = {}
    for (shop, customer), delivery in named(deliveries, numbers, refuse):
        event = delivery.event
        data, gone = event.data, isinstance(event, StageRetracted)
        known = found.get((shop, customer, data.number))
        gone = gone or (known is not None and known.retracted)
        found[shop, customer, data.number] = StageTold(data.number, data.day.toordinal(), data.stage, gone)
    return found


def read_points(
    deliveries: Sequence[Delivery[LoyaltyPointsEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, PointsTold]:
    """What accounts hold, by the last posting that a batch tells of."""
    found: dict[Key, PointsTold] = {}
    for key, delivery in named(deliveries, numbers, refuse):
        held = delivery.event.data.balance
        told = PointsTold(sequence_of(delivery.event), held.active, held.pending, held.owed)
        found[key] = max(found.get(key, told), told)
    return found


def read_tiers(
    deliveries: Sequence[Delivery[TierChanged]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, Named]:
    """The last tier of each; one without an id: none any more."""
    tiers = (
        (key, sequence_of(delivery.event), delivery.event.data.after)
        for key, delivery in named(deliveries, numbers, refuse)
    )
    return _last((key, Named(n, "" if tier is None else tier.id, tier.name if tier else "")) for key, n, tier in tiers)


def read_members(
    deliveries: Sequence[Delivery[LoyaltyMembersEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, Named]:
    """The last state of each membership."""
    return _last(
        (key, Named(sequence_of(delivery.event), delivery.event.data.state, ""))
        for key, delivery in named(deliveries, numbers, refuse)
    )


def read_answers(
    deliveries: Sequence[Delivery[FeedbackSurveysEvent]], numbers: Mapping[str, int], refuse: Refuse
) -> dict[Key, list[Answered]]:
    """What each identity answered; of what else happened to surveys nothing is kept."""
    found: dict[Key, list[Answered]] = {}
    answers: list[Delivery[Any]] = [one for one in deliveries if isinstance(one.event, SurveyAnswered)]
    for key, delivery in named(answers, numbers, refuse):
        data = delivery.event.data
        low, high = _SCALES.get(data.kind, (0, 0))
        if data.score is not None and not low <= data.score <= high:
            refuse(delivery, "score", "data.score: lies outside the scale of the survey's kind")
            continue
        answer = Answered(microseconds(delivery.event.time), data.answer, data.survey, data.kind, data.score)
        found.setdefault(key, []).append(answer._replace(answer=_storable(data.answer) or ""))
    return found


def read_attributes(
    deliveries: Sequence[Delivery[FeedbackSurveysEvent]], numbers: Mapping[str, int]
) -> dict[Key, dict[str, Attribute]]:
    """What answers say of those who gave them, by attribute. Whom nobody can name was refused already."""
    found: dict[Key, dict[str, Attribute]] = {}
    answers: list[Delivery[Any]] = [one for one in deliveries if isinstance(one.event, SurveyAnswered)]
    for key, delivery in named(answers, numbers, _leave_out):
        about = microseconds(delivery.event.time), _storable(delivery.event.data.answer) or ""
        for name, value in delivery.event.data.attributes.items():
            one = _attribute(*about, value)
            kept = found.setdefault(key, {}).get(name, one)
            found[key][name] = max(kept, one, key=lambda either: either.turn)
    return found


def _attribute(at: int, answer: str, value: int | list[str]) -> Attribute:
    if isinstance(value, int):
        return Attribute(at=at, answer=answer, number=value)
    return Attribute(at=at, answer=answer, values=tuple(filter(None, map(_storable, value))))


def _leave_out(_delivery: Delivery[Any], _reason: str, _detail: str) -> None:
    return


def _last(told: Iterable[tuple[Key, Named]]) -> dict[Key, Named]:
    found: dict[Key, Named] = {}
    for key, one in told:
        found[key] = max(found.get(key, one), one)
    return found


def _birthday(told: Birthday | None) -> str | None:
    try:
        return None if told is None else birthday_of(told.month, told.day, told.year, told.calendar).text()
    except ValueError:  # 31 February: nobody's
        return None


def _storable(text: str | None) -> str | None:
    return None if text is None else text.replace("\0", "").replace(SEPARATOR, "") or None
