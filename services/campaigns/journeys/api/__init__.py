"""Journeys over HTTP: drafts, versions, files, control; runs."""

from fastapi import APIRouter

from services.campaigns.journeys.api.control import router as _control
from services.campaigns.journeys.api.definitions import router as _definitions
from services.campaigns.journeys.api.ready import router as _ready
from services.campaigns.journeys.api.runs import router as _runs

# Fixed addresses before those with an id, which would take them.
ROUTERS: tuple[APIRouter, ...] = (_ready, _definitions, _control, _runs)
"""In this order."""

__all__ = ["ROUTERS"]
