"""Wiring of campaigns: what it reads. Its HTTP application: `app.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from services.campaigns.privacy import erasure_handler
from services.campaigns.settings import CampaignsSettings
from shared.contracts import topics
from shared.contracts.erasures import CustomerErased
from shared.messaging.dead_letters import Cipher
from shared.messaging.handling import Service, Subscription
from shared.messaging.reference import reference_subscriptions

NAME = "campaigns"


@cache
def _cipher_by_settings() -> Cipher:
    return Cipher(CampaignsSettings.load(NAME).secret_key.get_secret_value())


def create_service(cipher: Callable[[], Cipher] = _cipher_by_settings) -> Service:
    """The service, with consumers of its own. `cipher` opens its dead letters, by settings once it is needed."""
    return Service(
        name=NAME,
        subscriptions=(
            *reference_subscriptions(),
            Subscription(topics.ERASURES, CustomerErased, erasure_handler(cipher)),
        ),
        own_topics=(topics.ERASURES,),
    )


SERVICE = create_service()
