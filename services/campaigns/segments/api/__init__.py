"""Segments over HTTP: made, sized, published; who belongs."""

from fastapi import APIRouter

from services.campaigns.segments.api.asking import router as _asking
from services.campaigns.segments.api.catalogue import router as _catalogue

# Fixed addresses before those with an id, which would take them.
ROUTERS: tuple[APIRouter, ...] = (_asking, _catalogue)
"""In this order."""

__all__ = ["ROUTERS"]
