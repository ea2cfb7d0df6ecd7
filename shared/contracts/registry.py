"""All topics in one table: what is on them, under which key, and how long it stays."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from types import MappingProxyType, UnionType
from typing import Any

import msgspec

from shared.contracts import topics
from shared.contracts.campaigns import (
    CampaignsMessageEvent,
    CampaignsRequestEvent,
    CampaignsSegmentEvent,
    CampaignsStatementEvent,
    CampaignsTaskEvent,
)
from shared.contracts.consents import ConsentEvent
from shared.contracts.customers import CustomerEvent
from shared.contracts.dead_letters import DeadLetterEvent
from shared.contracts.erasures import ErasureEvent
from shared.contracts.feedback import FeedbackCasesEvent, FeedbackSurveysEvent
from shared.contracts.interactions import InteractionEvent
from shared.contracts.journeys import CampaignsJourneyEvent
from shared.contracts.keys import KeyEvent
from shared.contracts.lifecycle import LifecycleEvent
from shared.contracts.loyalty import LoyaltyMembersEvent, LoyaltyPointsEvent, LoyaltyRewardsEvent, LoyaltyTiersEvent
from shared.contracts.loyalty_requests import LoyaltyRequestEvent
from shared.contracts.metrics import MetricsRetentionEvent
from shared.contracts.orders import OrdersEvent
from shared.contracts.raw_interactions import RawInteractionEvent
from shared.contracts.raw_orders import RawClockEvent, RawOrderEvent
from shared.contracts.shops import ShopEvent

_BY_CUSTOMER = "shop:customer (a guest's order: shop:order/order id)"


@dataclass(frozen=True)
class Topic:
    """A topic and what it carries."""

    name: str
    events: Any
    """A msgspec Struct, or a union of them told apart by `type`."""
    writer: str
    description: str
    key: str
    """The parts of the message key, joined by a colon; `shop` is the slug."""
    compacted: bool = False
    """The last event of a key stays for ever: full state."""
    kept: str = "90 days"
    """How long events stay, for readers of the documentation."""
    personal: bool = False
    """Holds personal data: access is to be restricted."""
    foreign: str = ""
    """The values of `type`, where the events come from outside and `type` does not tell the form."""
    foreign_forms: tuple[type[msgspec.Struct], ...] = ()
    """Forms beside `events` that come from outside."""

    @property
    def types(self) -> dict[str, type[msgspec.Struct]]:
        """Event type → form, in order of declaration."""
        members = typing.get_args(self.events) if isinstance(self.events, UnionType) else (self.events,)
        return {_type_name(member): member for member in (*members, *self.foreign_forms)}


_FOREIGN_NAMES: dict[type[msgspec.Struct], str] = {
    RawOrderEvent: "raw.order",
    RawClockEvent: "raw.clock",
    RawInteractionEvent: "raw.interaction",
}


def _type_name(form: type[msgspec.Struct]) -> str:
    return _FOREIGN_NAMES.get(form) or str(form.__struct_config__.tag)


_TOPICS = (
    Topic(
        topics.RAW_ORDERS,
        RawOrderEvent,
        writer="gateway's collector, shops",
        description="Orders as shops send them: Segment's e-commerce names inside CloudEvents.",
        key="any; best shop:customer or shop:order, as the shop knows them",
        kept="7 days",
        personal=True,
        foreign="`Order Completed`, `Order Updated`, `Order Cancelled`, `Order Refunded`; `Clock Advanced` in replays "
        "(trimmed, any case)",
        foreign_forms=(RawClockEvent,),
    ),
    Topic(
        topics.RAW_INTERACTIONS,
        RawInteractionEvent,
        writer="gateway's collector, shops",
        description="What people did besides ordering, and who they are, as shops send it.",
        key="any; best shop:customer, as the shop knows them",
        kept="7 days",
        personal=True,
        foreign="Segment's names of events that are no orders, `page`, `screen`, `identify`, `group`, `alias` "
        "(trimmed, any case)",
    ),
    Topic(
        topics.ORDERS,
        OrdersEvent,
        writer="gateway",
        description="Orders after the front door: customer resolved, money in minor units, nothing personal.",
        key=_BY_CUSTOMER,
        kept="until archived",
    ),
    Topic(
        topics.RAW_ORDERS_BACKFILL,
        RawOrderEvent,
        writer="shops",
        description="History, as `raw.orders.v1` has it; served after live traffic, with origin `backfill`.",
        key="any; best shop:customer or shop:order, as the shop knows them",
        kept="7 days",
        personal=True,
        foreign="as on `raw.orders.v1`, without `Clock Advanced`",
    ),
    Topic(
        topics.ORDERS_BACKFILL,
        OrdersEvent,
        writer="gateway",
        description="History after the front door; the same partitions as `orders.v1`, served after live traffic.",
        key=_BY_CUSTOMER,
        kept="until archived",
    ),
    Topic(
        topics.CUSTOMERS,
        CustomerEvent,
        writer="gateway",
        description="Full state of each customer; the one internal topic with contacts. A tombstone: they are erased.",
        key="shop:customer",
        compacted=True,
        kept="last of each key",
        personal=True,
    ),
    Topic(
        topics.CONSENTS,
        ConsentEvent,
        writer="gateway",
        description="What customers agreed to, by channel and purpose. Evidence stays with gateway.",
        key="shop:customer",
        kept="until archived",
    ),
    Topic(
        topics.ERASURES,
        ErasureEvent,
        writer="gateway asks and tells, every service answers",
        description="Erasures of persons: asked for, done, answered by each service. Ids only.",
        key="shop:customer",
        kept="until archived",
    ),
    Topic(
        topics.INTERACTIONS,
        InteractionEvent,
        writer="gateway",
        description="What customers and visitors did besides ordering.",
        key="shop:customer (an unknown visitor: shop:visitor/id)",
        kept="until archived",
    ),
    Topic(
        topics.SHOPS,
        ShopEvent,
        writer="gateway",
        description="Full settings of each shop; every service keeps a copy.",
        key="shop:",
        compacted=True,
        kept="last of each key",
    ),
    Topic(
        topics.KEYS,
        KeyEvent,
        writer="gateway",
        description="API keys by hash; every service keeps a copy and judges locally.",
        key="shop:key id",
        compacted=True,
        kept="last of each key",
    ),
    Topic(
        topics.METRICS_LIFECYCLE,
        LifecycleEvent,
        writer="metrics",
        description="Stages of customers: lapsing, lost, reactivated and the rest, each change once, and retractions.",
        key="shop:customer",
    ),
    Topic(
        topics.METRICS_RETENTION,
        MetricsRetentionEvent,
        writer="metrics",
        description="A shop's retention: daily, and after changes at most once in five seconds.",
        key="shop:",
    ),
    Topic(
        topics.LOYALTY_POINTS,
        LoyaltyPointsEvent,
        writer="loyalty",
        description="Points of members: earned, activated, spent, restored, expiring, expired, taken back.",
        key="shop:customer",
    ),
    Topic(
        topics.LOYALTY_MEMBERS,
        LoyaltyMembersEvent,
        writer="loyalty",
        description="Who joins a shop's programme, leaves it, or is blocked.",
        key="shop:customer",
    ),
    Topic(
        topics.LOYALTY_TIERS,
        LoyaltyTiersEvent,
        writer="loyalty",
        description="Tiers of members: each change, up at once, down at reviews or when a refund takes it back.",
        key="shop:customer",
    ),
    Topic(
        topics.LOYALTY_REWARDS,
        LoyaltyRewardsEvent,
        writer="loyalty",
        description="Rewards of members: granted, used, soon to expire, expired. Codes are shown over HTTP alone.",
        key="shop:customer",
    ),
    Topic(
        topics.LOYALTY_REQUESTS,
        LoyaltyRequestEvent,
        writer="any service",
        description="Points and rewards that services ask loyalty to give, once for each request.",
        key="shop:customer",
    ),
    Topic(
        topics.CAMPAIGNS_REQUESTS,
        CampaignsRequestEvent,
        writer="any service",
        description="Messages that services ask for: who, about what, by which template. Ids and fields, no contacts.",
        key="shop:customer",
    ),
    Topic(
        topics.CAMPAIGNS_MESSAGES,
        CampaignsMessageEvent,
        writer="campaigns",
        description="What became of messages: sent, failed, unknown, suppressed or put off and why; delivered, opened.",
        key="shop:customer",
    ),
    Topic(
        topics.CAMPAIGNS_SEGMENTS,
        CampaignsSegmentEvent,
        writer="campaigns",
        description="Who enters a segment and who leaves it: by an event, by time alone, or as a version is published.",
        key="shop:customer",
        kept="until archived",
    ),
    Topic(
        topics.CAMPAIGNS_TASKS,
        CampaignsTaskEvent,
        writer="campaigns",
        description="Tasks of staff: opened, claimed, done, cancelled. Ids only; what is to be done is read over HTTP.",
        key="shop:customer",
    ),
    Topic(
        topics.CAMPAIGNS_JOURNEYS,
        CampaignsJourneyEvent,
        writer="campaigns",
        description="Runs of journeys: entered, each step, goal reached, completed, ended; what staff do with them.",
        key="shop:customer (of what staff do: shop:)",
    ),
    Topic(
        topics.CAMPAIGNS_STATEMENTS,
        CampaignsStatementEvent,
        writer="campaigns",
        description="What customers said of messages on pages and by one click, for gateway to keep.",
        key="shop:customer",
        kept="until archived",
    ),
    Topic(
        topics.FEEDBACK_SURVEYS,
        FeedbackSurveysEvent,
        writer="feedback",
        description="What customers are asked and answer: sent, opened, answered, dismissed, expired; detractors.",
        key="shop:customer",
        kept="until archived",
    ),
    Topic(
        topics.FEEDBACK_CASES,
        FeedbackCasesEvent,
        writer="feedback",
        description="What is owed to customers after bad answers and complaints: opened, late, solved, reopened.",
        key="shop:customer",
    ),
    Topic(
        topics.DEAD_LETTERS,
        DeadLetterEvent,
        writer="every service",
        description="What was set aside: position and reason, never the body.",
        key="shop:",
    ),
)

TOPICS: typing.Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in _TOPICS})
"""Every topic by name."""
