"""Slice `consent`: what holds, by identity, channel and purpose; the preference centre and one-click unsubscribe."""

from services.campaigns.consent.consumer import on_consents
from services.campaigns.consent.domain import PREFERENCES, UNSUBSCRIBE, Word, allows, holding
from services.campaigns.consent.store import NewLink, add_links, forget, lock, purge_links, words_of
from services.campaigns.consent.withdrawing import Withdrawal, withdraw, withdrawn

__all__ = [
    "PREFERENCES",
    "UNSUBSCRIBE",
    "NewLink",
    "Withdrawal",
    "Word",
    "add_links",
    "allows",
    "forget",
    "holding",
    "lock",
    "on_consents",
    "purge_links",
    "withdraw",
    "withdrawn",
    "words_of",
]
