"""Messaging: the batch consumer, the outbox relay, timers, dead letters and the life cycle of a worker.

What may not live here: anything that knows of one service, or of what an event means.
"""
