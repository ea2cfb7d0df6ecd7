"""Rewards over HTTP: the catalogue, what a customer could have, redemptions."""

from fastapi import APIRouter

from services.loyalty.rewards.api.asking import router as _asking
from services.loyalty.rewards.api.catalogue import router as _catalogue
from services.loyalty.rewards.api.redemptions import router as _redemptions

# Fixed addresses before those with an id, which would take them.
ROUTERS: tuple[APIRouter, ...] = (_asking, _catalogue, _redemptions)
"""In this order."""

__all__ = ["ROUTERS"]
