"""Slice `collector`: events of shops over HTTP, checked and written to the raw topics before they are acknowledged."""

from services.gateway.collector.api import BODIES, CrossOrigin, collector_router

__all__ = ["BODIES", "CrossOrigin", "collector_router"]
