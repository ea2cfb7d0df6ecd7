"""Slice `answers`: what customers answer, on the page behind a link or handed in; each counts once."""

from services.feedback.answers.domain import Answer
from services.feedback.answers.jobs import expiry_handlers
from services.feedback.answers.store import Wanted, counted, forget, listed, tallies

__all__ = ["Answer", "Wanted", "counted", "expiry_handlers", "forget", "listed", "tallies"]
