"""Slice `cards`: numbers that tell a till who the customer is, and bank cards that do so by a token."""

from services.loyalty.cards.store import cards_of, forget

__all__ = ["cards_of", "forget"]
