"""Wiring of campaigns: what it reads. Its HTTP application: `app.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from services.campaigns import journeys
from services.campaigns.audience import (
    on_customers,
    on_lifecycle,
    on_members,
    on_orders,
    on_points,
    on_surveys,
    on_tiers,
)
from services.campaigns.clocks import keep_clocks
from services.campaigns.consent import on_consents
from services.campaigns.messages import on_requests
from services.campaigns.privacy import erasure_handler
from services.campaigns.reports.jobs import keep_settling
from services.campaigns.segments import TIMERS, following, keep_making, on_messages
from services.campaigns.settings import CampaignsSettings
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.campaigns import CampaignsMessageEvent, CampaignsRequestEvent, CampaignsSegmentEvent
from shared.contracts.consents import ConsentEvent
from shared.contracts.customers import CustomerEvent
from shared.contracts.erasures import CustomerErased
from shared.contracts.feedback import FeedbackSurveysEvent
from shared.contracts.interactions import InteractionEvent
from shared.contracts.lifecycle import LifecycleEvent
from shared.contracts.loyalty import LoyaltyMembersEvent, LoyaltyPointsEvent, LoyaltyTiersEvent
from shared.contracts.orders import OrdersEvent
from shared.messaging.dead_letters import Cipher
from shared.messaging.handling import Delivery, Handler, Service, Subscription, Work
from shared.messaging.reference import reference_subscriptions

NAME = "campaigns"


@cache
def _cipher_by_settings() -> Cipher:
    return Cipher(CampaignsSettings.load(NAME).secret_key.get_secret_value())


def _in_turn(*handlers: Handler) -> Handler:
    async def handle(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        for one in handlers:
            await one(work, deliveries)

    return handle


def create_service(cipher: Callable[[], Cipher] = _cipher_by_settings) -> Service:
    """The service, with consumers of its own. `cipher` opens its dead letters, by settings once it is needed."""
    runs = journeys.Listener()

    def heard(handler: Handler, read: journeys.Read) -> Handler:
        """Journeys hear of it once profiles know of it."""
        return _in_turn(handler, runs.to(read))

    on_all_orders = heard(following(on_orders), journeys.sound_order)
    on_all_surveys = heard(following(on_surveys), journeys.of_survey)
    on_all_messages = heard(following(on_messages, "responded"), journeys.of_message)
    return Service(
        name=NAME,
        subscriptions=(
            *reference_subscriptions(),
            Subscription(topics.CUSTOMERS, CustomerEvent, following(on_customers)),
            Subscription(topics.CONSENTS, ConsentEvent, following(on_consents)),
            Subscription(topics.ORDERS, OrdersEvent, _in_turn(keep_clocks, on_all_orders)),
            Subscription(topics.ORDERS_BACKFILL, OrdersEvent, on_all_orders, lane=True),
            Subscription(topics.METRICS_LIFECYCLE, LifecycleEvent, heard(following(on_lifecycle), journeys.of_stage)),
            Subscription(topics.LOYALTY_POINTS, LoyaltyPointsEvent, heard(following(on_points), journeys.of_points)),
            Subscription(topics.LOYALTY_TIERS, LoyaltyTiersEvent, heard(following(on_tiers), journeys.of_tier)),
            Subscription(topics.LOYALTY_MEMBERS, LoyaltyMembersEvent, heard(following(on_members), journeys.of_member)),
            Subscription(topics.FEEDBACK_SURVEYS, FeedbackSurveysEvent, on_all_surveys),
            Subscription(topics.CAMPAIGNS_REQUESTS, CampaignsRequestEvent, _in_turn(on_requests, runs.on_requests)),
            Subscription(topics.INTERACTIONS, InteractionEvent, runs.to(journeys.interaction)),
            Subscription(topics.CAMPAIGNS_MESSAGES, CampaignsMessageEvent, on_all_messages),
            Subscription(topics.CAMPAIGNS_SEGMENTS, CampaignsSegmentEvent, runs.to(journeys.of_segment)),
            Subscription(topics.ERASURES, CustomerErased, following(erasure_handler(cipher))),
        ),
        own_topics=(
            *(topics.CAMPAIGNS_MESSAGES, topics.CAMPAIGNS_SEGMENTS, topics.CAMPAIGNS_JOURNEYS),
            *(topics.CAMPAIGNS_TASKS, topics.CAMPAIGNS_STATEMENTS, topics.LOYALTY_REQUESTS, topics.ERASURES),
        ),
        timers={**TIMERS, **journeys.JourneyJobs(runs.known).handlers()},
        clock=ShopsOwnClock(),
    )


async def _send(stop: asyncio.Event) -> None:
    settings = CampaignsSettings.load(NAME, role="worker")
    from services.campaigns.messages.jobs import keep_sending  # here: what is imported at the start takes its time

    await keep_sending(settings, stop, journeys.standing)


async def _take_reports(stop: asyncio.Event) -> None:
    await keep_settling(CampaignsSettings.load(NAME, role="worker"), stop)


async def _make_segments(stop: asyncio.Event) -> None:
    await keep_making(CampaignsSettings.load(NAME, role="worker"), stop)


SERVICE = replace(create_service(), beside=(_send, _take_reports, _make_segments))
