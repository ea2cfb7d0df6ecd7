"""Slice `cases`: what a shop owes after a bad answer or a complaint, with owner, deadline, contacts and outcome."""

from services.feedback.cases.domain import Case, State
from services.feedback.cases.jobs import due_handlers
from services.feedback.cases.store import Wanted, contacts_of, counted, forget, listed
from services.feedback.cases.working import Bad, open_for_answers

__all__ = [
    "Bad",
    "Case",
    "State",
    "Wanted",
    "contacts_of",
    "counted",
    "due_handlers",
    "forget",
    "listed",
    "open_for_answers",
]
