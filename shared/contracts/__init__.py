"""Contracts: the events on our topics, as frozen types, one file for each owning topic; the envelope; topic names.

What may not live here: behaviour beyond encoding and decoding. Fields are only ever added; another meaning is a new
version of the topic. JSON Schemas and the AsyncAPI document under docs/events/ are generated from this room.
"""

__all__ = [
    "consents",
    "customers",
    "dead_letters",
    "envelope",
    "erasures",
    "interactions",
    "keys",
    "metrics",
    "orders",
    "raw_orders",
    "registry",
    "shops",
    "topics",
]
