"""Slice `intake`: raw orders of shops in, known orders out."""

from services.gateway.intake.consumer import intake_handler

__all__ = ["intake_handler"]
