"""Wiring of loyalty: what it reads, and its timers. Its HTTP application: `app.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from services.loyalty.corrections import RequestConsumer
from services.loyalty.entitlements import keep_sending
from services.loyalty.orders import IdentityConsumer, InteractionConsumer, JoinJobs, OrderConsumer, TermsByProgramme
from services.loyalty.points import PointsJobs, Signer
from services.loyalty.privacy import erasure_handler
from services.loyalty.rewards import RewardJobs, RewardTurns, follow_orders, on_requests
from services.loyalty.segments import on_segments
from services.loyalty.settings import LoyaltySettings
from services.loyalty.tiers import TierJobs
from services.loyalty.turns import DayTurns
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.campaigns import CampaignsSegmentEvent
from shared.contracts.customers import CustomerEvent
from shared.contracts.erasures import CustomerErased
from shared.contracts.interactions import InteractionEvent
from shared.contracts.loyalty_requests import LoyaltyRequestEvent
from shared.contracts.orders import OrdersEvent
from shared.messaging.dead_letters import Cipher
from shared.messaging.handling import Delivery, Handler, Service, Subscription, Work
from shared.messaging.reference import reference_subscriptions

NAME = "loyalty"


@cache
def _cipher_by_settings() -> Cipher:
    return Cipher(LoyaltySettings.load(NAME).secret_key.get_secret_value())


@cache
def _signer_by_settings() -> Signer:
    return Signer(LoyaltySettings.load(NAME).secret_key.get_secret_value())


def _in_turn(*handlers: Handler) -> Handler:
    async def handle(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
        for one in handlers:
            await one(work, deliveries)

    return handle


def create_service(
    cipher: Callable[[], Cipher] = _cipher_by_settings, signer: Callable[[], Signer] = _signer_by_settings
) -> Service:
    """The service, with consumers of its own. `cipher` opens its dead letters, `signer` signs roots of the ledger.

    Both by settings, once they are needed.
    """
    daily, terms = (RewardTurns(),), TermsByProgramme()
    orders = OrderConsumer(followers=(follow_orders,), daily=daily)
    return Service(
        name=NAME,
        subscriptions=(
            *reference_subscriptions(),
            # Before orders: whoever moves identities holds their shop alone, which others share.
            Subscription(topics.CUSTOMERS, CustomerEvent, IdentityConsumer(daily)),
            # And so are segments: an order is judged by those that its batch brings too.
            Subscription(topics.CAMPAIGNS_SEGMENTS, CampaignsSegmentEvent, on_segments),
            Subscription(topics.ORDERS, OrdersEvent, orders),
            Subscription(topics.ORDERS_BACKFILL, OrdersEvent, orders, lane=True),
            Subscription(topics.INTERACTIONS, InteractionEvent, InteractionConsumer(daily)),
            Subscription(topics.LOYALTY_REQUESTS, LoyaltyRequestEvent, _in_turn(RequestConsumer(terms), on_requests)),
            Subscription(topics.ERASURES, CustomerErased, erasure_handler(cipher)),
        ),
        timers=DayTurns(terms).handlers()
        | PointsJobs(terms, signer).handlers()
        | TierJobs().handlers()
        | RewardJobs(terms).handlers()
        | JoinJobs(daily).handlers(),
        own_topics=(
            *(topics.LOYALTY_POINTS, topics.LOYALTY_MEMBERS, topics.LOYALTY_TIERS, topics.LOYALTY_REWARDS),
            topics.ERASURES,
        ),
        clock=ShopsOwnClock(),
    )


async def _send_entitlements(stop: asyncio.Event) -> None:
    await keep_sending(LoyaltySettings.load(NAME, role="worker"), stop)


SERVICE = replace(create_service(), beside=(_send_entitlements,))
