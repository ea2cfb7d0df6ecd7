"""Playing: generated lives on their way into the platform, to the raw topics or through the collector's door.

What may not live here: what happens in a life.
"""

from mandegar.playing.collector import CollectorRefused, Summary, play_to_collector
from mandegar.playing.telling import tell, to_collector, to_file, to_kafka
from mandegar.playing.topics import play_to_kafka

__all__ = [
    "CollectorRefused",
    "Summary",
    "play_to_collector",
    "play_to_kafka",
    "tell",
    "to_collector",
    "to_file",
    "to_kafka",
]
