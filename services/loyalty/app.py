"""The HTTP application of loyalty. Workers import nothing of it: `main.py` wires them."""

from __future__ import annotations

from fastapi import FastAPI

from services.loyalty.cards.api import router as cards_router
from services.loyalty.corrections.api import router as corrections_router
from services.loyalty.earning.api import ROUTERS as EARNING
from services.loyalty.entitlements.api import entitlements_router
from services.loyalty.main import NAME
from services.loyalty.members.api import router as members_router
from services.loyalty.orders.api import router as points_router
from services.loyalty.privacy.api import router as privacy_router
from services.loyalty.programmes.api import ROUTERS as PROGRAMMES
from services.loyalty.rewards.api import ROUTERS as REWARDS
from services.loyalty.settings import LoyaltySettings
from services.loyalty.statements.api import ROUTERS as STATEMENTS
from services.loyalty.trials.api import router as trials_router
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

_ABOUT = "Members of a shop's programme, their points, and what orders and interactions earn."


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: the programme and the members of the shop that the API key belongs to."""
    settings = settings or LoyaltySettings.load(NAME, role="api")
    loopback = isinstance(settings, LoyaltySettings) and settings.entitlement_loopback
    return create_web_app(
        NAME,
        settings,
        routers=(
            *PROGRAMMES,
            *EARNING,
            trials_router,
            points_router,
            members_router,
            *STATEMENTS,
            cards_router,
            *REWARDS,
            entitlements_router(settings.secret_key.get_secret_value(), loopback=loopback),
            corrections_router,
            privacy_router,
        ),
        description=_ABOUT,
    )
