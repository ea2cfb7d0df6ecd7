"""Slice `messages`: one message for each step and occasion, sent at most once, through consent; e-mail by SMTP."""

from services.campaigns.messages.consumer import on_requests
from services.campaigns.messages.store import forget, of_customers

__all__ = ["forget", "of_customers", "on_requests"]
