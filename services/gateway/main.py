"""Wiring of gateway: which topics it reads, with which handlers, where it publishes. Its HTTP application: `app.py`."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from services.gateway.consents import heed_statements
from services.gateway.identity import Marker
from services.gateway.intake import intake_handler
from services.gateway.interactions import interactions_handler
from services.gateway.privacy import PrivacyJobs, heed
from services.gateway.pulling import keep_pulling
from services.gateway.settings import GatewaySettings
from shared.contracts import topics
from shared.contracts.campaigns import CampaignsStatementEvent
from shared.contracts.erasures import ErasureEvent
from shared.contracts.raw_interactions import RawInteractionEvent
from shared.contracts.raw_orders import CLOCK_ADVANCED, RawClockEvent, RawOrderEvent
from shared.kernel import CustomerId
from shared.kernel.ids import CUSTOMER_ID_BITS
from shared.messaging.handling import Delivery, Handler, Service, Subscription, Timer, TimerHandler, Work

NAME = "gateway"
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
            Subscription(topics.CAMPAIGNS_STATEMENTS, CampaignsStatementEvent, heed_statements),
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
