"""Generating: a stream of raw order events as dirty as real ones, with its truth known beforehand.

Deterministic: the same settings and seed give the same bytes. The truth is kept while the stories are told, and never
read back from the events, so that it can convict whoever reads them.
`lives` tells more of fewer: all that the customers of one shop do over years, in order unless wished otherwise.
What may not live here: I/O (but for `writing`), clocks, randomness other than the seeded one.
"""

from mandegar.generating.inside import Entry, Inside, Visit, generate_inside
from mandegar.generating.shops import GeneratedShop, generated_shops
from mandegar.generating.stories import Fact
from mandegar.generating.stream import Settings, Stream, generate

__all__ = [
    "Entry",
    "Fact",
    "GeneratedShop",
    "Inside",
    "Settings",
    "Stream",
    "Visit",
    "generate",
    "generate_inside",
    "generated_shops",
]
