"""Slice `templates`: what messages say, as versioned data, in several languages; sandboxed and bounded."""

from services.campaigns.templates.domain import (
    ITEMS_MAX,
    Part,
    PushText,
    SmsText,
    TaskText,
    Template,
    Text,
    Trouble,
    Version,
    WebhookText,
    Work,
    chosen,
)
from services.campaigns.templates.segments import Size, size_of
from services.campaigns.templates.store import last_versions, publish
from services.campaigns.templates.writing import write, write_part

__all__ = [
    "ITEMS_MAX",
    "Part",
    "PushText",
    "Size",
    "SmsText",
    "TaskText",
    "Template",
    "Text",
    "Trouble",
    "Version",
    "WebhookText",
    "Work",
    "chosen",
    "last_versions",
    "publish",
    "size_of",
    "write",
    "write_part",
]
