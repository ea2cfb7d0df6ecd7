"""Wiring of feedback: what it reads, and its timers. Its HTTP application: `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from services.feedback.answers import expiry_handlers
from services.feedback.cases import due_handlers
from services.feedback.customers import on_customers, on_lifecycle, on_tiers
from services.feedback.privacy import erasure_handler
from services.feedback.settings import FeedbackSettings
from services.feedback.surveys import AskJobs, Links, on_interactions, on_messages, on_orders
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.campaigns import CampaignsMessageEvent
from shared.contracts.customers import CustomerEvent
from shared.contracts.erasures import CustomerErased
from shared.contracts.interactions import InteractionEvent
from shared.contracts.lifecycle import LifecycleEvent
from shared.contracts.loyalty import LoyaltyTiersEvent
from shared.contracts.orders import OrdersEvent
from shared.messaging.dead_letters import Cipher
from shared.messaging.handling import Service, Subscription
from shared.messaging.reference import reference_subscriptions

NAME = "feedback"


@cache
def _cipher_by_settings() -> Cipher:
    return Cipher(FeedbackSettings.load(NAME).secret_key.get_secret_value())


@cache
def _links_by_settings() -> Links:
    settings = FeedbackSettings.load(NAME)
    return Links(settings.secret_key.get_secret_value(), settings.survey_url)


def create_service(
    cipher: Callable[[], Cipher] = _cipher_by_settings, links: Callable[[], Links] = _links_by_settings
) -> Service:
    """The service, with consumers of its own. `cipher` opens its dead letters, `links` makes links to surveys.

    Both by settings, once they are needed.
    """
    return Service(
        name=NAME,
        subscriptions=(
            *reference_subscriptions(),
            # First: whoever moves a pointer holds its shop alone, which those who ask share.
            Subscription(topics.CUSTOMERS, CustomerEvent, on_customers),
            Subscription(topics.METRICS_LIFECYCLE, LifecycleEvent, on_lifecycle),
            Subscription(topics.LOYALTY_TIERS, LoyaltyTiersEvent, on_tiers),
            Subscription(topics.ORDERS, OrdersEvent, on_orders),
            Subscription(topics.ORDERS_BACKFILL, OrdersEvent, on_orders, lane=True),
            Subscription(topics.INTERACTIONS, InteractionEvent, on_interactions),
            Subscription(topics.CAMPAIGNS_MESSAGES, CampaignsMessageEvent, on_messages),
            Subscription(topics.ERASURES, CustomerErased, erasure_handler(cipher)),
        ),
        timers=AskJobs(links).handlers() | expiry_handlers() | due_handlers(),
        own_topics=(
            *(topics.FEEDBACK_SURVEYS, topics.FEEDBACK_CASES, topics.CAMPAIGNS_REQUESTS, topics.LOYALTY_REQUESTS),
            topics.ERASURES,
        ),
        clock=ShopsOwnClock(),
    )


SERVICE = create_service()
