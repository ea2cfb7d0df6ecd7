"""Slice `consents`: what customers agreed to, by channel and purpose; told on `consents.v1` with each change."""

from services.gateway.consents.consumer import heed_statements
from services.gateway.consents.events import consent_changed
from services.gateway.consents.keeping import Kept, Withdrawal, withdraw
from services.gateway.consents.store import forget, statements_of

__all__ = [
    "Kept",
    "Withdrawal",
    "consent_changed",
    "forget",
    "heed_statements",
    "statements_of",
    "withdraw",
]
