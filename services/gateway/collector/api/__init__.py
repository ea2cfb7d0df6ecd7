"""HTTP of the collector: routes, the reading of bodies, answers, and what browsers of other origins need."""

from services.gateway.collector.api.cross_origin import CrossOrigin
from services.gateway.collector.api.routes import BODIES, collector_router

__all__ = ["BODIES", "CrossOrigin", "collector_router"]
