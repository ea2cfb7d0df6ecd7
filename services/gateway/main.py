"""Wiring of gateway: which topics it reads, with which handlers, where it publishes, and its HTTP application."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from fastapi import FastAPI

from services.gateway.identity import Marker
from services.gateway.intake import intake_handler
from services.gateway.settings import GatewaySettings
from services.gateway.shops.api import router as shops_router
from shared.contracts import topics
from shared.contracts.raw_orders import CLOCK_ADVANCED, RawClockEvent, RawOrderEvent
from shared.kernel import CustomerId
from shared.kernel.ids import CUSTOMER_ID_BITS
from shared.messaging.handling import Delivery, Handler, Service, Subscription, Work
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

NAME = "gateway"
_OTHER_FORMS = {CLOCK_ADVANCED.casefold(): RawClockEvent}


def draw_customer_id() -> CustomerId:
    """A new random customer id."""
    return CustomerId(secrets.randbelow((1 << CUSTOMER_ID_BITS) - 1) + 1)


def create_service(secret: bytes, draw: Callable[[], CustomerId] = draw_customer_id) -> Service:
    """The service with a given secret and source of customer ids."""
    return _service(intake_handler(Marker(secret), draw))


def _service(intake: Handler) -> Service:
    # gateway has no copies of shops and keys to keep: its own tables are where they are written first.
    return Service(
        name=NAME,
        subscriptions=(
            Subscription(topics.RAW_ORDERS, RawOrderEvent, intake, raw=True, other_forms=_OTHER_FORMS),
            Subscription(
                topics.RAW_ORDERS_BACKFILL, RawOrderEvent, intake, raw=True, lane=True, other_forms=_OTHER_FORMS
            ),
        ),
        own_topics=(topics.ORDERS, topics.ORDERS_BACKFILL, topics.CUSTOMERS, topics.SHOPS, topics.KEYS),
    )


@cache
def _intake_by_settings() -> Handler:
    secret = GatewaySettings.load(NAME).secret_key.get_secret_value()
    return intake_handler(Marker(secret.encode()), draw_customer_id)


async def _intake(work: Work, deliveries: Sequence[Delivery[Any]]) -> None:
    await _intake_by_settings()(work, deliveries)  # at the first batch, so that importing needs no environment


SERVICE = _service(_intake)


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: the settings of the shop that the API key belongs to."""
    return create_web_app(NAME, settings or GatewaySettings.load(NAME, role="api"), routers=(shops_router,))
