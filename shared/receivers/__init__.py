"""Receivers: where a shop is told of something by signed webhook, with which secret, and one attempt to tell it.

A service keeps one table of them for each thing that it tells (`tables.add_endpoint`). What may not live here: what is
told, when it is tried again, and the HTTP routes.
"""

from shared.receivers.calling import Attempt, attempt
from shared.receivers.keeping import URL_LENGTH_MAX, Receivers, checked_url
from shared.receivers.sealing import Vault, new_secret

__all__ = [
    "URL_LENGTH_MAX",
    "Attempt",
    "Receivers",
    "Vault",
    "attempt",
    "checked_url",
    "new_secret",
]
