"""The HTTP application of campaigns. Workers import nothing of it: `main.py` wires them."""

from __future__ import annotations

from fastapi import FastAPI

from services.campaigns.main import NAME
from services.campaigns.settings import CampaignsSettings
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

_ABOUT = "Messages to customers: what they consented to, what is sent, what came of it."


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: what belongs to the shop that the API key belongs to."""
    return create_web_app(NAME, settings or CampaignsSettings.load(NAME, role="api"), description=_ABOUT)
