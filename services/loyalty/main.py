"""Wiring of loyalty: what it reads, its timers, and its HTTP application."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from fastapi import FastAPI

from services.loyalty.cards import router as cards_router
from services.loyalty.corrections import router as corrections_router
from services.loyalty.earning.api import ROUTERS as EARNING
from services.loyalty.members.api import router as members_router
from services.loyalty.orders import IdentityConsumer, InteractionConsumer, OrderConsumer, TermsByProgramme
from services.loyalty.orders.api import router as points_router
from services.loyalty.points import PointsJobs, Signer
from services.loyalty.privacy import erasure_handler
from services.loyalty.privacy import router as privacy_router
from services.loyalty.programmes.api import ROUTERS as PROGRAMMES
from services.loyalty.rewards import ROUTERS as REWARDS
from services.loyalty.rewards import RewardJobs
from services.loyalty.settings import LoyaltySettings
from services.loyalty.statements import ROUTERS as STATEMENTS
from services.loyalty.tiers import TierJobs
from services.loyalty.trials import trials_router
from services.loyalty.turns import DayTurns
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.customers import CustomerEvent
from shared.contracts.erasures import CustomerErased
from shared.contracts.interactions import InteractionEvent
from shared.contracts.orders import OrdersEvent
from shared.messaging.dead_letters import Cipher
from shared.messaging.handling import Service, Subscription
from shared.messaging.reference import reference_subscriptions
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

NAME = "loyalty"
_ABOUT = "Members of a shop's programme, their points, and what orders and interactions earn."


@cache
def _cipher_by_settings() -> Cipher:
    return Cipher(LoyaltySettings.load(NAME).secret_key.get_secret_value())


@cache
def _signer_by_settings() -> Signer:
    return Signer(LoyaltySettings.load(NAME).secret_key.get_secret_value())


def create_service(
    cipher: Callable[[], Cipher] = _cipher_by_settings, signer: Callable[[], Signer] = _signer_by_settings
) -> Service:
    """The service, with consumers of its own. `cipher` opens its dead letters, `signer` signs roots of the ledger.

    Both by settings, once they are needed.
    """
    orders, terms = OrderConsumer(), TermsByProgramme()
    return Service(
        name=NAME,
        subscriptions=(
            *reference_subscriptions(),
            # Before orders: whoever moves identities holds their shop alone, which others share.
            Subscription(topics.CUSTOMERS, CustomerEvent, IdentityConsumer()),
            Subscription(topics.ORDERS, OrdersEvent, orders),
            Subscription(topics.ORDERS_BACKFILL, OrdersEvent, orders, lane=True),
            Subscription(topics.INTERACTIONS, InteractionEvent, InteractionConsumer()),
            Subscription(topics.ERASURES, CustomerErased, erasure_handler(cipher)),
        ),
        timers=DayTurns(terms).handlers()
        | PointsJobs(terms, signer).handlers()
        | TierJobs().handlers()
        | RewardJobs(terms).handlers(),
        own_topics=(
            *(topics.LOYALTY_POINTS, topics.LOYALTY_MEMBERS, topics.LOYALTY_TIERS, topics.LOYALTY_REWARDS),
            topics.ERASURES,
        ),
        clock=ShopsOwnClock(),
    )


SERVICE = create_service()


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: the programme and the members of the shop that the API key belongs to."""
    return create_web_app(
        NAME,
        settings or LoyaltySettings.load(NAME, role="api"),
        routers=(
            *PROGRAMMES,
            *EARNING,
            trials_router,
            points_router,
            members_router,
            *STATEMENTS,
            cards_router,
            *REWARDS,
            corrections_router,
            privacy_router,
        ),
        description=_ABOUT,
    )
