"""Messaging: the batch consumer, the outbox relay, timers, dead letters and the life cycle of a worker.

`handling` is the interface of services, `worker.run_worker` runs one. The import of each is by its module, since the
command line needs the first and not Kafka's client behind the second.

The way of an event: `consumer` fetches, `decoding` reads, `handover` carries over, `processor` cuts batches and
recovers, `batch` is the one transaction of `fence`, `identities` and handlers (`isolation` finds the one at fault).
Rooms beside it: `relay` (outbox to Kafka), `chores` (timers, housekeeping), `reference` (shops and keys), `cluster`
(topics, lag).

What may not live here: anything that knows of one service, or of what an event means.
"""

__all__ = ["handling", "worker"]
