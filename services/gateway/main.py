"""Wiring of gateway: which topics it reads, with which handlers, where it publishes, and its HTTP application."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from fastapi import FastAPI

from services.gateway.collector import BODIES, CrossOrigin, collector_router, open_outlet
from services.gateway.consents import consents_router
from services.gateway.identity import Marker
from services.gateway.identity.api import router as identity_router
from services.gateway.intake import intake_handler
from services.gateway.interactions import interactions_handler
from services.gateway.naming import Namer
from services.gateway.privacy import PrivacyJobs, heed, privacy_router
from services.gateway.pulling import hint, keep_pulling
from services.gateway.settings import GatewaySettings
from services.gateway.shops.api import router as shops_router
from services.gateway.shops.keys_api import router as keys_router
from services.gateway.webhooks import PATH as WEBHOOKS
from services.gateway.webhooks import webhooks_router
from shared.contracts import topics
from shared.contracts.erasures import ErasureEvent
from shared.contracts.raw_interactions import RawInteractionEvent
from shared.contracts.raw_orders import CLOCK_ADVANCED, RawClockEvent, RawOrderEvent
from shared.kernel import CustomerId
from shared.kernel.ids import CUSTOMER_ID_BITS
from shared.messaging.handling import Delivery, Handler, Service, Subscription, Timer, TimerHandler, Work
from shared.web import create_app as create_web_app

NAME = "gateway"
_ABOUT = "The front door: takes events of shops, knows who is who, keeps settings of shops."
_OTHER_FORMS = {CLOCK_ADVANCED.casefold(): RawClockEvent}


def draw_customer_id() -> CustomerId:
    """A new random customer id."""
    return CustomerId(secrets.randbelow((1 << CUSTOMER_ID_BITS) - 1) + 1)


def create_service(secret: bytes, draw: Callable[[], CustomerId] = draw_customer_id) -> Service:
    """The service with a given secret and source of customer ids."""
    return _service(*_handlers(secret, draw), PrivacyJobs(secret.decode()).handlers())


def _handlers(secret: bytes, draw: Callable[[], CustomerId]) -> tuple[Handler, Handler]:
    marker = Marker(secret)
    return intake_handler(marker, draw), interactions_handler(marker, draw)


def _service(intake: Handler, interactions: Handler, timers: Mapping[str, TimerHandler]) -> Service:
    # gateway has no copies of shops and keys to keep: its own tables are where they are written first.
    return Service(
        name=NAME,
        subscriptions=(
            Subscription(topics.RAW_ORDERS, RawOrderEvent, intake, raw=True, other_forms=_OTHER_FORMS),
            Subscription(
                topics.RAW_ORDERS_BACKFILL, RawOrderEvent, intake, raw=True, lane=True, other_forms=_OTHER_FORMS
            ),
            Subscription(topics.RAW_INTERACTIONS, RawInteractionEvent, interactions, raw=True),
            Subscription(topics.ERASURES, ErasureEvent, heed),
        ),
        timers=timers,
        own_topics=(
            *(topics.ORDERS, topics.ORDERS_BACKFILL, topics.INTERACTIONS, topics.CUSTOMERS),
            *(topics.SHOPS, topics.KEYS, topics.CONSENTS, topics.ERASURES),
        ),
    )


@cache
def _handlers_by_settings() -> tuple[Handler, Handler]:
    secret = GatewaySettings.load(NAME).secret_key.get_secret_value()
    return _handlers(secret.encode(), draw_customer_id)


# By settings at the first batch, so that importing needs no environment.
async def _intake(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
    await _handlers_by_settings()[0](work, deliveries)


async def _interactions(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
    await _handlers_by_settings()[1](work, deliveries)


@cache
def _jobs_by_settings() -> Mapping[str, TimerHandler]:
    return PrivacyJobs(GatewaySettings.load(NAME).secret_key.get_secret_value()).handlers()


def _job(kind: str) -> TimerHandler:
    async def run(work: Work, timers: Sequence[Timer]) -> None:
        await _jobs_by_settings()[kind](work, timers)

    return run


async def _pull(stop: asyncio.Event) -> None:
    await keep_pulling(GatewaySettings.load(NAME, role="worker"), stop)


SERVICE = replace(
    _service(_intake, _interactions, {kind: _job(kind) for kind in PrivacyJobs.KINDS}),
    beside=(_pull,),
)


def create_app(settings: GatewaySettings | None = None) -> FastAPI:
    """The HTTP application: the collector, webhooks, and the settings of the shop that the API key belongs to."""
    settings = settings or GatewaySettings.load(NAME, role="api")
    outlet = open_outlet(settings)
    namer = Namer(settings.secret_key.get_secret_value().encode())
    routers = (
        *(collector_router(settings, outlet), webhooks_router(settings, outlet, hint), shops_router, keys_router),
        *(identity_router, privacy_router(namer), consents_router(namer)),
    )
    bodies = BODIES | {WEBHOOKS: settings.http_body_bytes_max}
    app = create_web_app(NAME, settings, routers=routers, bodies=bodies, description=_ABOUT)
    app.add_middleware(CrossOrigin, paths=frozenset(BODIES), origins=settings.collector_origins)
    return app
