"""Outgoing: calls to addresses that other people give, and signatures of webhooks, in and out.

What is here takes no library. The client itself, `shared.outgoing.client`, is imported where a call is made: a worker
that pulls nothing has no use for it. What may not live here: whom a service asks, and what for.
"""

from shared.outgoing.addresses import Answer, NotConnected, Refused, Unreachable, Unreadable, check_url, is_public
from shared.outgoing.signing import SECRET_LENGTH_MIN, TOLERANCE, is_signed, is_timely, signature_headers

__all__ = [
    "SECRET_LENGTH_MIN",
    "TOLERANCE",
    "Answer",
    "NotConnected",
    "Refused",
    "Unreachable",
    "Unreadable",
    "check_url",
    "is_public",
    "is_signed",
    "is_timely",
    "signature_headers",
]
