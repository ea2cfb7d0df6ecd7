"""Lives to the raw topics, as a shop that produces to Kafka itself."""

from __future__ import annotations

from collections.abc import Sequence

from mandegar.generating.lives import LifeEvent
from mandegar.replaying import Message
from mandegar.replaying.sending import KafkaSink
from shared.contracts import topics

_CHUNK = 2_000


async def play_to_kafka(events: Sequence[LifeEvent], bootstrap_servers: str) -> int:
    """Every event, in its order within a key; how many were acknowledged. Raises SendError."""
    sent = 0
    async with KafkaSink(bootstrap_servers) as orders, KafkaSink(bootstrap_servers, topics.RAW_INTERACTIONS) as others:
        for first in range(0, len(events), _CHUNK):
            chunk = list(enumerate(events[first : first + _CHUNK], start=first + 1))
            for topic, sink in ((topics.RAW_ORDERS, orders), (topics.RAW_INTERACTIONS, others)):
                messages = [_message(line, event) for line, event in chunk if event.topic == topic]
                if messages:
                    await sink.send(messages)
                    sent += len(messages)
    return sent


def _message(line: int, event: LifeEvent) -> Message:
    return Message(line, event.key, event.value, event.occurred, "")
