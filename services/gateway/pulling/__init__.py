"""Slice `pulling`: orders read from shop systems' own APIs, so that what no webhook brought is not missing."""

from services.gateway.pulling.commands import Pull, list_pulls, set_api
from services.gateway.pulling.domain import SINCE_MIN, PullTrouble
from services.gateway.pulling.jobs import Pulled, Puller, keep_pulling
from services.gateway.pulling.store import hint

__all__ = [
    "SINCE_MIN",
    "Pull",
    "PullTrouble",
    "Pulled",
    "Puller",
    "hint",
    "keep_pulling",
    "list_pulls",
    "set_api",
]
