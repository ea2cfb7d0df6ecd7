"""The cluster: what is asked of Kafka beside consuming and producing: its id, its topics, how far behind we are.

What may not live here: positions, which are the database's, and events.
"""

from shared.messaging.cluster.ids import identify
from shared.messaging.cluster.lag import LagReader, LagUnknown, LagWatch, PartitionLag, export, positions_of
from shared.messaging.cluster.standing import Difference, PartitionStanding, TopicStanding, standing_of
from shared.messaging.cluster.topics import (
    COMPACTED_WITHIN_DAYS,
    RAW_DAYS,
    TopicTrouble,
    ensure_topics,
    topic_settings,
    topics_of,
)
from shared.messaging.cluster.truncating import truncate

__all__ = [
    "COMPACTED_WITHIN_DAYS",
    "RAW_DAYS",
    "Difference",
    "LagReader",
    "LagUnknown",
    "LagWatch",
    "PartitionLag",
    "PartitionStanding",
    "TopicStanding",
    "TopicTrouble",
    "ensure_topics",
    "export",
    "identify",
    "positions_of",
    "standing_of",
    "topic_settings",
    "topics_of",
    "truncate",
]
