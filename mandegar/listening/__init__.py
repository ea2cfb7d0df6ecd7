"""Listening: what a marketing tool does. It reads `metrics.lifecycle.v1` from outside, without a place in any group.

What may not live here: knowledge of how stages come about, or of any table.
"""

from mandegar.listening.lines import as_json, as_text
from mandegar.listening.standing import Standing, of_shop, standing
from mandegar.listening.topic import Heard, Listener, ListenError, Newest, places_of

__all__ = [
    "Heard",
    "ListenError",
    "Listener",
    "Newest",
    "Standing",
    "as_json",
    "as_text",
    "of_shop",
    "places_of",
    "standing",
]
