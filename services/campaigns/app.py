"""The HTTP application of campaigns. Workers import nothing of it: `main.py` wires them."""

from __future__ import annotations

from datetime import timedelta

from fastapi import FastAPI

from services.campaigns.addresses import Limits
from services.campaigns.addresses.api import addresses_router
from services.campaigns.audience.api import router as audience_router
from services.campaigns.consent.api import router as consent_router
from services.campaigns.devices.api import devices_router
from services.campaigns.hooks.api import hooks_router
from services.campaigns.journeys.api import ROUTERS as JOURNEY_ROUTERS
from services.campaigns.main import NAME
from services.campaigns.messages.api import router as messages_router
from services.campaigns.messages.trying import trying_router
from services.campaigns.pacing.api import router as pacing_router
from services.campaigns.privacy.api import router as privacy_router
from services.campaigns.reports.api import reports_router
from services.campaigns.results.api import router as results_router
from services.campaigns.segments.api import ROUTERS as SEGMENT_ROUTERS
from services.campaigns.settings import CampaignsSettings
from services.campaigns.tasks.api import router as tasks_router
from services.campaigns.templates.api import router as templates_router
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

_ABOUT = "Messages to customers: what they consented to, what is sent, what came of it."


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: what belongs to the shop that the API key belongs to."""
    settings = settings or CampaignsSettings.load(NAME, role="api")
    loopback = isinstance(settings, CampaignsSettings) and settings.send_loopback
    return create_web_app(
        NAME,
        settings,
        routers=(
            audience_router,
            consent_router,
            *SEGMENT_ROUTERS,
            templates_router,
            pacing_router,  # before messages, which would take it for an id
            messages_router,
            addresses_router(settings.secret_key.get_secret_value(), _limits(settings)),
            trying_router(loopback=loopback),
            results_router,
            tasks_router,
            devices_router(loopback=loopback),
            hooks_router(settings.secret_key.get_secret_value(), loopback=loopback),
            *JOURNEY_ROUTERS,
            *([reports_router(settings)] if isinstance(settings, CampaignsSettings) else []),
            privacy_router,
        ),
        description=_ABOUT,
    )


def _limits(settings: PlatformSettings) -> Limits:
    if not isinstance(settings, CampaignsSettings):
        return Limits()
    return Limits(settings.bounce_times, timedelta(days=settings.bounce_days))
