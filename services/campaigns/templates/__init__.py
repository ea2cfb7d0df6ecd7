"""Slice `templates`: what messages say, as versioned data, in several languages; sandboxed and bounded."""

from services.campaigns.templates.domain import ITEMS_MAX, Template, Text, Trouble, Version, chosen
from services.campaigns.templates.store import last_versions, publish
from services.campaigns.templates.writing import write

__all__ = [
    "ITEMS_MAX",
    "Template",
    "Text",
    "Trouble",
    "Version",
    "chosen",
    "last_versions",
    "publish",
    "write",
]
