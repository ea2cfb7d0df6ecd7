"""Slice `interactions`: what people did besides ordering, and what shops say of them, in; known interactions out."""

from services.gateway.interactions.consumer import interactions_handler
from services.gateway.interactions.domain import CALLS, kind_of
from services.gateway.interactions.events import read

__all__ = ["CALLS", "interactions_handler", "kind_of", "read"]
