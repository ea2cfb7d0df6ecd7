"""Replaying: a shop's history from a file into `raw.orders.v1`, such that a repeat or a resumed run adds nothing twice.

Reading, mapping and rendering are pure and know no Kafka; only `sending` and `arrival` speak to the outside.
What may not live here: knowledge of what the services do with an order.
"""

from mandegar.replaying.bad_rows import BadRows
from mandegar.replaying.mapping import CsvMapping, MappingError
from mandegar.replaying.messages import BadRow, Message, Source, messages_of
from mandegar.replaying.progress import Progress
from mandegar.replaying.running import ReplaySummary, Sink, replay
from mandegar.replaying.state import StateFile

__all__ = [
    "BadRow",
    "BadRows",
    "CsvMapping",
    "MappingError",
    "Message",
    "Progress",
    "ReplaySummary",
    "Sink",
    "Source",
    "StateFile",
    "messages_of",
    "replay",
]
