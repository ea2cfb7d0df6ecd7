"""Slice `trials`: what a draft would have given for what really happened in the last days."""

from services.loyalty.trials.api import router as trials_router

__all__ = ["trials_router"]
