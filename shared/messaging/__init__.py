"""Messaging: the batch consumer, the outbox relay, timers, dead letters and the life cycle of a worker.

What may not live here: anything that knows of one service, or of what an event means.

`handling` is the interface of services, `worker.run_worker` runs one. The import of each is by its module, since the
command line needs the first and not Kafka's client behind the second.
"""

__all__ = ["handling", "worker"]
