"""Slice `privacy`: what becomes of a person in campaigns when they are erased."""

from services.campaigns.privacy.consumer import erasure_handler

__all__ = ["erasure_handler"]
