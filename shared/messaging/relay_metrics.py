"""What the relay tells Prometheus. The label is the service; never a shop, a customer or a key."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

OUTBOX_ROWS = Gauge(
    "mandegar_outbox_rows",
    "Rows that wait in the shards led by this process (counted up to 100,000)",
    ["service"],
)
OUTBOX_OLDEST_SECONDS = Gauge(
    "mandegar_outbox_oldest_seconds", "Age of the oldest waiting row in the shards led by this process", ["service"]
)
RELAY_SHARDS = Gauge("mandegar_relay_shards", "Outbox shards led by this process; 16 over all processes", ["service"])
RELAYED = Counter("mandegar_relay_sent_total", "Events published and removed from the outbox", ["service"])
FAILED_ROUNDS = Counter("mandegar_relay_failed_rounds_total", "Rounds rolled back, to be repeated", ["service"])
REFUSED = Counter(
    "mandegar_relay_refused_total", "Events set aside because they are larger than Kafka accepts", ["service"]
)
