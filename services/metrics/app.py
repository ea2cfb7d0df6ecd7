"""The HTTP application of metrics. Workers import nothing of it: `main.py` wires them."""

from __future__ import annotations

from fastapi import FastAPI

from services.metrics.cohorts.api import router as cohorts_router
from services.metrics.generations.api import router as settings_router
from services.metrics.lifecycle.api.customer import router as customer_router
from services.metrics.lifecycle.api.customers import router as customers_router
from services.metrics.lifecycle.api.stages import router as stages_router
from services.metrics.main import NAME
from services.metrics.privacy.api import router as privacy_router
from services.metrics.retention.api.customers import router as lists_router
from services.metrics.retention.api.explain import router as explain_router
from services.metrics.retention.api.routes import router as retention_router
from services.metrics.settings import MetricsSettings
from shared.settings import PlatformSettings
from shared.web import create_app as create_web_app

_ABOUT = "Retention, churn, repeat purchase, cohorts and stages of customers, exact on any day."


def create_app(settings: PlatformSettings | None = None) -> FastAPI:
    """The HTTP application: retention, cohorts and customers of the shop that the API key belongs to."""
    return create_web_app(
        NAME,
        settings or MetricsSettings.load(NAME, role="api"),
        routers=(
            retention_router,
            lists_router,
            explain_router,
            cohorts_router,
            stages_router,
            customers_router,
            customer_router,
            privacy_router,
            settings_router,
        ),
        description=_ABOUT,
    )
