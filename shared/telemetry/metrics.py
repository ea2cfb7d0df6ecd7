"""Prometheus metrics of the runtime and of the APIs.

Labels are the service, its topics, partitions, stages and routes: never a customer or a shop.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, start_http_server

_SIZE_BUCKETS = (1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000)
_SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8)

STAGES = ("fetch", "decode", "fence", "ids", "handle", "outbox", "commit")
"""Values of the label `stage`, in the order of a batch."""


class RuntimeMetrics:
    """What the consumer runtime, the relay and the timers count. Use `runtime_metrics(service)`."""

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self.service = service
        names = _runtime_metrics(registry)
        self._names = names
        self.batch_events = names.batch_events.labels(service)
        """Histogram: events of a batch."""
        self.fence_lost = names.fence_lost.labels(service)
        """Counter: batches dropped because another owner took a partition over."""
        self.outbox_rows = names.outbox_rows.labels(service)
        """Gauge: rows that wait in the outbox."""
        self.outbox_oldest_seconds = names.outbox_oldest.labels(service)
        """Gauge: age of the oldest of them."""
        self.oldest_transaction_seconds = names.oldest_transaction.labels(service)
        """Gauge: age of the oldest open transaction. Old ones keep deleted rows from being cleared away."""
        self.relayed = names.relayed.labels(service)
        """Counter: outbox rows that the broker has acknowledged."""
        self.relay_shards = names.relay_shards.labels(service)
        """Gauge: outbox shards that this process leads; 16 over all processes of the service."""
        self.relay_failed_rounds = names.relay_failed.labels(service)
        """Counter: rounds of the relay that were rolled back, to be repeated."""
        self.relay_refused = names.relay_refused.labels(service)
        """Counter: outbox rows set aside because they are larger than Kafka accepts."""

    def stage_seconds(self, stage: str) -> Histogram:
        """Seconds that a stage (one of STAGES) of a batch took: `.observe(seconds)`."""
        return self._names.stage_seconds.labels(self.service, stage)

    def events(self, topic: str) -> Counter:
        """Events that took effect."""
        return self._names.events.labels(self.service, topic)

    def repeats(self, topic: str) -> Counter:
        """Events that had been processed before and fell out."""
        return self._names.repeats.labels(self.service, topic)

    def content_differs(self, topic: str) -> Counter:
        """Alarm: an id that was processed came again with another content."""
        return self._names.content_differs.labels(self.service, topic)

    def dead_letters(self, topic: str, reason: str) -> Counter:
        """Events that were set aside, by the short word of their reason."""
        return self._names.dead_letters.labels(self.service, topic, reason)

    def retries(self, cause: str) -> Counter:
        """Batches that were tried again: `timeout`, `conflict`, `not_yet`, `fenced`, `database`, `suspected`."""
        return self._names.retries.labels(self.service, cause)

    def lag_events(self, topic: str, partition: int) -> Gauge:
        """Events between the position and the end of the partition."""
        return self._names.lag_events.labels(self.service, topic, str(partition))

    def lag_seconds(self, topic: str, partition: int) -> Gauge:
        """Age of the next event that is not processed yet; 0 when there is none."""
        return self._names.lag_seconds.labels(self.service, topic, str(partition))

    def forget_lag(self, topic: str, partition: int) -> None:
        """The partition is another process's now: what we last knew of it would stand there for ever."""
        for gauge in (self._names.lag_events, self._names.lag_seconds):
            with suppress(KeyError):
                gauge.remove(self.service, topic, str(partition))

    def timers_fired(self, kind: str) -> Counter:
        """Timers that fired, by kind."""
        return self._names.timers_fired.labels(self.service, kind)


class HttpMetrics:
    """What an API counts. A route is its template, such as `/v1/customers/{customer}`. Use `http_metrics(service)`."""

    def __init__(self, service: str, registry: CollectorRegistry) -> None:
        self.service = service
        self._names = _http_metrics(registry)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request."""
        self._names.requests.labels(self.service, method, route, str(status)).inc()
        self._names.seconds.labels(self.service, method, route).observe(seconds)


class _RuntimeNames:
    def __init__(self, registry: CollectorRegistry) -> None:
        one, topic = ["service"], ["service", "topic"]
        spot = ["service", "topic", "partition"]
        self.batch_events = Histogram(
            "mandegar_batch_events", "Events of a batch", one, buckets=_SIZE_BUCKETS, registry=registry
        )
        self.stage_seconds = Histogram(
            "mandegar_batch_stage_seconds",
            "Time of a stage of a batch",
            ["service", "stage"],
            buckets=_SECONDS_BUCKETS,
            registry=registry,
        )
        self.events = Counter("mandegar_events", "Events that took effect", topic, registry=registry)
        self.repeats = Counter("mandegar_events_repeated", "Events processed before", topic, registry=registry)
        self.content_differs = Counter(
            "mandegar_content_differs", "Processed ids that came again with another content", topic, registry=registry
        )
        self.dead_letters = Counter(
            "mandegar_dead_letters", "Events set aside", ["service", "topic", "reason"], registry=registry
        )
        self.retries = Counter("mandegar_batch_retries", "Batches tried again", ["service", "cause"], registry=registry)
        self.fence_lost = Counter("mandegar_fence_lost", "Batches dropped to another owner", one, registry=registry)
        self.lag_events = Gauge("mandegar_lag_events", "Events behind the end", spot, registry=registry)
        self.lag_seconds = Gauge("mandegar_lag_seconds", "Age of the next event", spot, registry=registry)
        self.outbox_rows = Gauge("mandegar_outbox_rows", "Rows waiting in the outbox", one, registry=registry)
        self.outbox_oldest = Gauge(
            "mandegar_outbox_oldest_seconds", "Age of the oldest outbox row", one, registry=registry
        )
        self.oldest_transaction = Gauge(
            "mandegar_oldest_transaction_seconds", "Age of the oldest open transaction", one, registry=registry
        )
        self.relayed = Counter("mandegar_relayed", "Outbox rows acknowledged by the broker", one, registry=registry)
        self.relay_shards = Gauge("mandegar_relay_shards", "Outbox shards led here", one, registry=registry)
        self.relay_failed = Counter("mandegar_relay_failed_rounds", "Rounds rolled back", one, registry=registry)
        self.relay_refused = Counter("mandegar_relay_refused", "Rows too large for Kafka", one, registry=registry)
        self.timers_fired = Counter("mandegar_timers_fired", "Timers fired", ["service", "kind"], registry=registry)


class _HttpNames:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "mandegar_http_requests", "Requests answered", ["service", "method", "route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "mandegar_http_seconds",
            "Time to answer",
            ["service", "method", "route"],
            buckets=_SECONDS_BUCKETS,
            registry=registry,
        )


# A registry refuses a name twice, so the metrics of one are made once, and never forgotten.
@cache
def _runtime_metrics(registry: CollectorRegistry) -> _RuntimeNames:
    return _RuntimeNames(registry)


@cache
def _http_metrics(registry: CollectorRegistry) -> _HttpNames:
    return _HttpNames(registry)


def runtime_metrics(service: str, registry: CollectorRegistry = REGISTRY) -> RuntimeMetrics:
    """The runtime's metrics of a service. May be called often."""
    return RuntimeMetrics(service, registry)


def http_metrics(service: str, registry: CollectorRegistry = REGISTRY) -> HttpMetrics:
    """The API's metrics of a service. May be called often."""
    return HttpMetrics(service, registry)


def serve_metrics(host: str, port: int, registry: CollectorRegistry = REGISTRY) -> int:
    """Serve `/metrics` from a thread, for a worker that has no API. Gives the port (0 asks for a free one)."""
    server, _thread = start_http_server(port, addr=host, registry=registry)
    return int(server.server_port)
