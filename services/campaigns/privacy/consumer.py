"""erasures.v1 → an answer on the same topic. What of `customers.v1` lies among the dead letters goes."""

from __future__ import annotations

from collections.abc import Callable

from services.campaigns.privacy import store
from shared.messaging.dead_letters import Cipher
from shared.messaging.erasing import answering
from shared.messaging.handling import Handler


def erasure_handler(cipher: Callable[[], Cipher]) -> Handler:
    """The handler of `erasures.v1`. `cipher` opens dead letters; it is asked for at the first erasure."""
    return answering("campaigns", cipher, store.counted)
