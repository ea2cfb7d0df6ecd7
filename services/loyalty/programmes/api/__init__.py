"""Programmes over HTTP: versions, drafts, files, checks."""

from fastapi import APIRouter

from services.loyalty.programmes.api.drafts import router as _drafts
from services.loyalty.programmes.api.versions import router as _versions

# Fixed addresses before those with a number, which would take them.
ROUTERS: tuple[APIRouter, ...] = (_drafts, _versions)
"""In this order."""

__all__ = ["ROUTERS"]
