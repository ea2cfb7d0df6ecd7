"""erasures.v1 → an answer on the same topic. Own words go, nobody is asked any more; scores by surrogate id stay."""

from __future__ import annotations

from collections.abc import Callable

from services.feedback.privacy import store
from shared.messaging.dead_letters import Cipher
from shared.messaging.erasing import answering
from shared.messaging.handling import Handler


def erasure_handler(cipher: Callable[[], Cipher]) -> Handler:
    """The handler of `erasures.v1`. `cipher` opens dead letters; it is asked for at the first erasure."""
    return answering("feedback", cipher, store.counted, store.remove)
