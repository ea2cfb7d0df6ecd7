"""Slice `tasks`: what staff have to do for customers, with owner, due date and outcome."""

from services.campaigns.tasks.domain import Opening
from services.campaigns.tasks.store import add, forget, shown_of
from services.campaigns.tasks.telling import open_task

__all__ = ["Opening", "add", "forget", "open_task", "shown_of"]
