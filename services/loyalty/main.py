"""Wiring of loyalty: what it reads, its timers, and its HTTP application."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from fastapi import FastAPI

from services.loyalty.earning.api import ROUTERS as EARNING
from services.loyalty.points import PointsJobs, Signer, Terms, terms_of
from services.loyalty.programmes.api import ROUTERS as PROGRAMMES
from services.loyalty.settings import LoyaltySettings
from shared.clocks import ShopsOwnClock
from shared.contracts import topics
from shared.contracts.shops import Shop
from shared.messaging.handling import Service, Work
from shared.messaging.reference import reference_subscriptions
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

NAME = "loyalty"
_ABOUT = "Members of a shop's programme, their points, and what orders and interactions earn."


async def usual_terms(_: Work, shops: Sequence[Shop]) -> Mapping[int, Terms]:
    """What the ledger of a shop follows whose programme says nothing of it."""
    return {shop.number: terms_of(shop) for shop in shops}


@cache
def _signer_by_settings() -> Signer:
    return Signer(LoyaltySettings.load(NAME).secret_key.get_secret_value())


def create_service(signer: Callable[[], Signer] = _signer_by_settings) -> Service:
    """The service, with consumers of its own. `signer` signs roots; by settings, once it is needed."""
    points = PointsJobs(usual_terms, signer)
    return Service(
        name=NAME,
        subscriptions=reference_subscriptions(),
        timers=points.handlers(),
        own_topics=(topics.LOYALTY_POINTS, topics.LOYALTY_MEMBERS),
        clock=ShopsOwnClock(),
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
