"""corrections: points that staff give or take by hand, with a reason; above the programme's limit two people decide."""

from services.loyalty.corrections.consumer import RequestConsumer
from services.loyalty.corrections.store import empty_texts, of_customer

__all__ = ["RequestConsumer", "empty_texts", "of_customer"]
