"""Contract ↔ domain: what topics tell of customers, and what is told of runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from services.campaigns import audience, messages
from services.campaigns.journeys.domain.happening import Happening, Value
from services.campaigns.journeys.domain.journey import Points, Reward, Send
from services.campaigns.journeys.domain.moving import Done, context_of
from services.campaigns.journeys.domain.program import BY_HAND
from services.campaigns.journeys.domain.run import Run, State, Told
from shared.contracts.campaigns import (
    CampaignsMessageEvent,
    CampaignsSegmentEvent,
    JourneyRequest,
    JourneyRequested,
    MessageReceipt,
)
from shared.contracts.envelope import Envelope, message_key
from shared.contracts.feedback import Answering, FeedbackSurveysEvent
from shared.contracts.interactions import InteractionEvent, InteractionRecorded
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
from shared.contracts.lifecycle import LifecycleEvent, StageRetracted
from shared.contracts.loyalty import LoyaltyMembersEvent, LoyaltyPointsEvent, TierChanged
from shared.contracts.loyalty_requests import PointsRequest, PointsRequested, RewardRequest, RewardRequested
from shared.contracts.orders import ClockAdvanced, OrderRefunded, OrdersEvent
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id, parse_customer_id
from shared.messaging.handling import OutboxKey

SOURCE = "mandegar/campaigns"
_TEXT_MAX = 200
Fields = dict[str, Any]
_OF_RECEIPTS = {"message.clicked": ("link",), "message.bounced": ("hard", "reason")}
_REASONS = {State.EXIT: "exit", State.KILLED: "killed", State.ERASED: "erased"}


class Heard(msgspec.Struct, frozen=True):
    """What an event says that a journey may be about: of whom, what, by which business key, and its fields."""

    customer: str | None
    name: str
    cause: str
    fields: Fields
    journey: str = ""


def of_order(event: OrdersEvent) -> Heard | None:
    """An order that is completed again, after it was cancelled, is the same one."""
    if isinstance(event, ClockAdvanced):
        return None
    name, data = type_of(event), event.data
    fields: Fields = {"order": data.order_id}
    if isinstance(event, OrderRefunded):
        fields["is_full"] = event.data.full
        return Heard(data.customer, name, f"{name}:{data.order_id}:{event.data.refund_id}", fields)
    for field, value in (("checkout", event.data.checkout_id), ("coupon", event.data.coupon)):
        if value is not UNSET:
            fields[field] = value
    fields |= {"revenue": event.data.revenue, "currency": event.data.currency}
    return Heard(data.customer, name, f"{name}:{data.order_id}", fields)


def of_interaction(event: InteractionEvent) -> Heard | None:
    """Under its own name, such as `product added`."""
    data = event.data
    told = ("sku", "category", "brand", "variant", "quantity", "price", "currency")
    named = {"cart": data.cart_id, "order": data.order_id, "product": data.product_id}
    return Heard(data.customer, data.name, event.id, named | {name: getattr(data, name) for name in told})


def of_stage(event: LifecycleEvent) -> Heard | None:
    """A correction of what was judged before starts nothing."""
    if isinstance(event, StageRetracted) or event.data.late:
        return None
    data = event.data
    fields = {"stage": data.stage, "previous": data.previous, "reason": data.reason, "days": data.days}
    return Heard(data.customer, type_of(event), event.id, fields)


def of_points(event: LoyaltyPointsEvent) -> Heard | None:
    """Points of one account."""
    data = event.data
    fields = {
        "points": data.points,
        "active": data.balance.active,
        "days": data.days,
        "source": data.source.kind,
        "source_id": data.source.id,
        "expires_at": None if data.expires_at is None else data.expires_at.isoformat(),
    }
    return Heard(data.customer, type_of(event), event.id, fields)


def of_tier(event: TierChanged) -> Heard | None:
    """Another tier."""
    data = event.data
    fields = {
        "tier": None if data.after is None else data.after.id,
        "tier_name": None if data.after is None else data.after.name,
        "before": None if data.before is None else data.before.id,
        "direction": data.direction,
        "reason": data.reason,
    }
    return Heard(data.customer, "tier.changed", event.id, fields)


def of_member(event: LoyaltyMembersEvent) -> Heard | None:
    """Who joins or leaves the programme."""
    return Heard(event.data.customer, type_of(event), event.id, {"how": event.data.how})


def of_segment(event: CampaignsSegmentEvent) -> Heard | None:
    """Who enters a segment, or leaves it."""
    data = event.data
    fields = {"segment": data.segment, "version": data.version, "reason": data.reason}
    return Heard(data.customer, type_of(event), event.id, fields)


def of_message(event: CampaignsMessageEvent) -> Heard | None:
    """What became of messages. That a scanner opened one, or followed its links, is nothing that the customer did."""
    data = event.data
    told = ["message", "campaign", "step", "occasion", "template", "channel", "purpose", "run"]
    if isinstance(data, MessageReceipt):
        if data.machine:
            return None
        told += _OF_RECEIPTS.get(type_of(event), ())
    return Heard(data.customer, type_of(event), event.id, {name: getattr(data, name) for name in told})


def of_survey(event: FeedbackSurveysEvent) -> Heard:
    """What customers are asked, and answer."""
    data = event.data
    fields: Fields = {name: getattr(data, name) for name in ("survey", "version", "kind", "occasion")}
    if isinstance(data, Answering):
        fields |= {name: getattr(data, name) for name in ("score", "by", "complete", "stage", "tier")}
        if data.kind == "nps":
            fields["group"] = audience.nps_group(data.score)
    return Heard(data.customer, type_of(event), event.id, fields)


def of_request(event: JourneyRequested) -> Heard:
    """Somebody asks that a customer enter a journey."""
    data = event.data
    return Heard(
        data.customer, BY_HAND, f"{BY_HAND}:{data.occasion}", {**data.values, "occasion": data.occasion}, data.journey
    )


def customer_of(heard: Heard) -> int | None:
    """Of whom it is; None of a visitor, and of what is no id of ours."""
    try:
        return int(parse_customer_id(heard.customer or ""))
    except ValueError:
        return None


def happening_of(heard: Heard, event: Envelope, shop: int, partition: int) -> Happening | None:
    """In the form of the domain; None of who is not known, or has no id of ours."""
    customer = customer_of(heard)
    if customer is None:
        return None
    fields = {name: _value(value) for name, value in heard.fields.items() if value is not None and value != ""}
    return Happening(
        shop, customer, heard.name, _at(event), heard.cause, fields, event.origin, partition, heard.journey
    )


def name_of(event: Envelope) -> str:
    """What journeys call it."""
    return event.data.name if isinstance(event, InteractionRecorded) else type_of(event)


def type_of(event: Envelope) -> str:
    """The event's type."""
    return str(event.__struct_config__.tag)


def key_of(run: Run, slug: str) -> OutboxKey:
    """Under which what becomes of a run is told."""
    return OutboxKey(ShopId(run.shop), message_key(slug, customer_id_text(CustomerId(run.customer))))


def told_of(one: Told, slug: str, now: datetime, sequence: int) -> Envelope:
    """That a run begins or ends."""
    run, happening = one.run, one.happening
    if run.state is State.RUNNING:
        entered = RunEntered(**_about(run), trigger=run.trigger, occurred_at=run.since)
        return JourneyEntered(**_attributes(run, slug, now, sequence, of="journey.entered"), data=entered)
    event = "" if happening is None else happening.name
    if run.state is State.GOAL:
        assert happening is not None, "an event reached it"
        goal = RunGoal(**_about(run), step=run.step, event=event, occurred_at=happening.at)
        return JourneyGoalReached(**_attributes(run, slug, now, sequence, of="journey.goal.reached"), data=goal)
    if run.state is State.COMPLETED:
        ended = RunEnded(**_about(run))
        return JourneyCompleted(**_attributes(run, slug, now, sequence, of="journey.completed"), data=ended)
    reason: Any = _REASONS[run.state]
    left = RunExit(**_about(run), step=run.step, reason=reason, event=event)
    return JourneyExited(**_attributes(run, slug, now, sequence, of="journey.exited"), data=left)


def moved_of(done: Done, slug: str, now: datetime, sequence: int) -> Envelope:
    """That a run has done a step."""
    run, step = done.run, done.step
    kind = str(step.__struct_config__.tag)
    data = RunMoved(**_about(run), step=step.id, kind=kind, outcome=done.outcome)
    attributes = _attributes(run, slug, now, sequence, of="journey.moved", step=step.id)
    return JourneyMoved(**attributes, data=data)


def points_of(run: Run, step: Points, slug: str, now: datetime, sequence: int) -> Envelope:
    """That loyalty is to give points: once for each run and step."""
    name = customer_id_text(CustomerId(run.customer))
    data = PointsRequest(
        id=f"{run.id}.{step.id}", customer=name, points=step.points, reason=step.reason, ref=f"journey:{run.journey}"
    )
    attributes = _attributes(run, slug, now, sequence, of="points.requested", step=step.id)
    return PointsRequested(**attributes, data=data)


def reward_of(run: Run, step: Reward, slug: str, now: datetime, sequence: int) -> Envelope:
    """That loyalty is to give a reward: once for each run and step."""
    name = customer_id_text(CustomerId(run.customer))
    data = RewardRequest(id=f"{run.id}.{step.id}", customer=name, reward=step.reward, ref=f"journey:{run.journey}")
    attributes = _attributes(run, slug, now, sequence, of="reward.requested", step=step.id)
    return RewardRequested(**attributes, data=data)


def control_of(control: Control, slug: str, now: datetime, sequence: int) -> Envelope:
    """That staff changed how a journey stands."""
    cause = f"{control.journey}\x1f{control.version}\x1f{sequence}"
    return JourneyControl(
        id=derive_event_id(int(now.timestamp() * 1000), slug, cause, "journey.control"),
        source=SOURCE,
        subject=control.journey,
        time=now,
        shop=slug,
        sequence=sequence,
        data=control,
        receivedat=now,
    )


def requested(request: JourneyRequest, slug: str, now: datetime, sequence: int) -> Envelope:
    """That somebody asks that a customer enter a journey."""
    cause = "\x1f".join((request.journey, request.customer, request.occasion, str(sequence)))
    return JourneyRequested(
        id=derive_event_id(int(now.timestamp() * 1000), slug, cause, "journey.requested"),
        source=SOURCE,
        subject=request.customer,
        time=now,
        shop=slug,
        sequence=sequence,
        data=request,
        receivedat=now,
    )


def plan_of(run: Run, step: Send, slug: str, now: datetime) -> messages.Plan:
    """The message of a step: one for each run."""
    about = (run.journey, step.id, run.id)
    values = {**context_of(run), **step.values}
    return messages.Plan(
        shop=run.shop,
        id=messages.message_id(slug, customer_id_text(CustomerId(run.customer)), about, step.channel),
        customer=run.customer,
        channel=step.channel,
        purpose=step.purpose,
        campaign=run.journey,
        step=step.id,
        occasion=run.id,
        template=step.template,
        fields=msgspec.json.encode(values),
        due=now,
        expires_at=now + timedelta(hours=step.expires_hours),
        run=run.id,
        journey_version=run.version,
        variant=run.variant or None,
    )


def _at(event: Envelope) -> datetime:
    """When it came to be so: what a late event shows of today, such as a lapse, is of today."""
    return event.time if event.effectiveat is UNSET else max(event.time, event.effectiveat)


def _about(run: Run) -> dict[str, Any]:
    return {
        "customer": customer_id_text(CustomerId(run.customer)),
        "journey": run.journey,
        "version": run.version,
        "run": run.id,
        "key": run.key,
        "control": run.control,
        "variant": run.variant,
    }


def _attributes(run: Run, slug: str, now: datetime, sequence: int, *, of: str, step: str = "") -> dict[str, Any]:
    # A run begins and ends once and does a step once, so its id, the word and the step make the event's.
    return {
        "id": derive_event_id(int(now.timestamp() * 1000), slug, f"{run.id}\x1f{step}", of),
        "source": SOURCE,
        "subject": customer_id_text(CustomerId(run.customer)),
        "time": now,
        "shop": slug,
        "sequence": sequence,
        "correlationid": run.id,
        "receivedat": now,
    }


def _value(value: Any) -> Value:
    return value[:_TEXT_MAX].replace("\0", "") if isinstance(value, str) else value
