"""Wiring of loyalty: what it reads, its timers, and its HTTP application."""

from __future__ import annotations

from fastapi import FastAPI

from services.loyalty.earning.api import ROUTERS as EARNING
from services.loyalty.programmes.api import ROUTERS as PROGRAMMES
from services.loyalty.settings import LoyaltySettings
from shared.contracts import topics
from shared.messaging.handling import Service
from shared.messaging.reference import reference_subscriptions
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

NAME = "loyalty"
_ABOUT = "Members of a shop's programme, their points, and what orders and interactions earn."


def create_service() -> Service:
    """The service, with consumers of its own."""
    return Service(
        name=NAME,
        subscriptions=reference_subscriptions(),
        timers={},
        own_topics=(topics.LOYALTY_POINTS, topics.LOYALTY_MEMBERS),
    )


SERVICE = create_service()


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: the programme and the members of the shop that the API key belongs to."""
    return create_web_app(
        NAME,
        settings or LoyaltySettings.load(NAME, role="api"),
        routers=(*PROGRAMMES, *EARNING),
        description=_ABOUT,
    )
