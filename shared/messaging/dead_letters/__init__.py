"""Dead letters: what could not be handled is set aside in the same transaction, and can be put right and replayed.

The topic `dead-letters.v1` tells position and reason only. The body may hold personal data: it lies encrypted in a
table of the service, for a limited time, and can be erased.
"""

from shared.messaging.dead_letters.cipher import Cipher
from shared.messaging.dead_letters.keeping import DeadLetters, Request, SetAside
from shared.messaging.dead_letters.operating import (
    Letter,
    drop_letter,
    find_letter,
    list_letters,
    refused_again,
    replay_letter,
    show_letter,
)
from shared.messaging.dead_letters.removing import Erased, any_old_letters, erase_letters, purge_letters

__all__ = [
    "Cipher",
    "DeadLetters",
    "Erased",
    "Letter",
    "Request",
    "SetAside",
    "any_old_letters",
    "drop_letter",
    "erase_letters",
    "find_letter",
    "list_letters",
    "purge_letters",
    "refused_again",
    "replay_letter",
    "show_letter",
]
