"""Slice `reports`: what comes back of messages: delivered, bounced, opened, clicked."""

from services.campaigns.reports.links import Links

__all__ = ["Links"]
