"""Slice `consents`: what customers agreed to, by channel and purpose; told on `consents.v1` with each change."""

from services.gateway.consents.events import consent_changed
from services.gateway.consents.store import forget, statements_of
from services.gateway.consents.withdrawing import Withdrawal, Withdrawn, withdraw

__all__ = [
    "Withdrawal",
    "Withdrawn",
    "consent_changed",
    "forget",
    "statements_of",
    "withdraw",
]
