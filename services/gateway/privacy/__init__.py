"""Slice `privacy`: what is known of a person is handed out, and erased everywhere; a certificate lists who did what."""

from services.gateway.privacy.commands import (
    PrivacyError,
    export_person,
    note_raw_cleared,
    raw_positions,
    request_erasure,
    show_erasure,
)
from services.gateway.privacy.consumer import heed
from services.gateway.privacy.jobs import PrivacyJobs

__all__ = [
    "PrivacyError",
    "PrivacyJobs",
    "export_person",
    "heed",
    "note_raw_cleared",
    "raw_positions",
    "request_erasure",
    "show_erasure",
]
