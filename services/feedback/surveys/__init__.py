"""Slice `surveys`: what is asked, as versioned data; who is asked when; invitations with their links."""

from services.feedback.surveys.consumer import on_interactions, on_messages, on_orders
from services.feedback.surveys.domain.body import (
    SCALES,
    Choice,
    Open,
    Question,
    Scale,
    Survey,
    Version,
    chosen,
    language_of,
    score_question,
)
from services.feedback.surveys.domain.invitations import Invitation, State
from services.feedback.surveys.events import SOURCE, asking, attributes, key_of, name_of, told
from services.feedback.surveys.jobs import EXPIRY_TIMER, AskJobs, shops_of
from services.feedback.surveys.links import PATH, Links
from services.feedback.surveys.store.invitations import (
    counted,
    end,
    find,
    find_by_token,
    forget,
    note_opened,
    of_customers,
    several,
)
from services.feedback.surveys.store.versions import find as find_version
from services.feedback.surveys.store.versions import several as several_versions
from services.feedback.surveys.wishing import wish

__all__ = [
    "EXPIRY_TIMER",
    "PATH",
    "SCALES",
    "SOURCE",
    "AskJobs",
    "Choice",
    "Invitation",
    "Links",
    "Open",
    "Question",
    "Scale",
    "State",
    "Survey",
    "Version",
    "asking",
    "attributes",
    "chosen",
    "counted",
    "end",
    "find",
    "find_by_token",
    "find_version",
    "forget",
    "key_of",
    "language_of",
    "name_of",
    "note_opened",
    "of_customers",
    "on_interactions",
    "on_messages",
    "on_orders",
    "score_question",
    "several",
    "several_versions",
    "shops_of",
    "told",
    "wish",
]
