"""Slice `reports`: what comes back: delivered, bounced, opened, clicked, called spam, answered by a stop."""

from services.campaigns.reports.commands import take_letter
from services.campaigns.reports.domain import Report, What
from services.campaigns.reports.links import Links
from services.campaigns.reports.store import add, forget

__all__ = ["Links", "Report", "What", "add", "forget", "take_letter"]
