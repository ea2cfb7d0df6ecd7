"""Slice `policy`: how often a shop may ask a customer, and how fast it owes an answer to a bad one; versioned."""

from services.feedback.policy.domain import Policy
from services.feedback.policy.store import policies

__all__ = ["Policy", "policies"]
