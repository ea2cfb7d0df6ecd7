"""The HTTP application of gateway. Workers import nothing of it: `main.py` wires them."""

from __future__ import annotations

from fastapi import FastAPI

from services.gateway.collector import open_outlet
from services.gateway.collector.api import BODIES, CrossOrigin, collector_router
from services.gateway.consents.api import consents_router
from services.gateway.identity.api import router as identity_router
from services.gateway.main import NAME
from services.gateway.naming import Namer
from services.gateway.privacy.api import privacy_router
from services.gateway.pulling import hint
from services.gateway.settings import GatewaySettings
from services.gateway.shops.api import router as shops_router
from services.gateway.shops.keys_api import router as keys_router
from services.gateway.webhooks.api import PATH as WEBHOOKS
from services.gateway.webhooks.api import webhooks_router
from shared.web import create_app as create_web_app

_ABOUT = "The front door: takes events of shops, knows who is who, keeps settings of shops."


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
