"""Slice `messages`: one message for each step and occasion, sent at most once, through consent; e-mail by SMTP."""

from services.campaigns.messages.consumer import on_requests
from services.campaigns.messages.domain import AGE, Plan, Standing, State, message_id
from services.campaigns.messages.events import key_of, suppressed
from services.campaigns.messages.store import add, forget, let_go, of_customers, planned_of, suppress
from shared.contracts.campaigns import Suppression

__all__ = [
    "AGE",
    "Plan",
    "Standing",
    "State",
    "Suppression",
    "add",
    "forget",
    "key_of",
    "let_go",
    "message_id",
    "of_customers",
    "on_requests",
    "planned_of",
    "suppress",
    "suppressed",
]
