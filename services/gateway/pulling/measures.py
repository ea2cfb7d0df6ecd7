"""What Prometheus is told of pulls: by shop system, never by shop."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import Counter, Gauge

from services.gateway.pulling.store import Standing

_BY = ["vendor"]
_PULLS = Counter("mandegar_pulls", "Pulls that ended, by outcome: done or failed", ["vendor", "outcome"])
_ORDERS = Counter("mandegar_pulled_orders", "Orders that pulls have read", _BY)
_SET_ASIDE = Counter("mandegar_pulled_orders_set_aside", "Of them those that could not be read whole", _BY)
_CALLS = Counter("mandegar_pull_calls", "Requests that pulls have made", _BY)
_CONNECTIONS = Gauge("mandegar_pull_connections", "Connections that are pulled", _BY)
_FAILING = Gauge("mandegar_pull_failing", "Connections whose last pull failed", _BY)
_LAG = Gauge("mandegar_pull_lag_seconds", "Longest time since a connection's pull last ended well", _BY)
_LATE = Gauge("mandegar_pull_overdue_seconds", "By how much a pull is overdue that no worker is at: the latest", _BY)


def note_done(vendor: str, *, orders: int, set_aside: int, calls: int) -> None:
    """A pull ended well."""
    _PULLS.labels(vendor, "done").inc()
    _ORDERS.labels(vendor).inc(orders)
    _SET_ASIDE.labels(vendor).inc(set_aside)
    _CALLS.labels(vendor).inc(calls)


def note_failed(vendor: str) -> None:
    """A pull failed; it is tried again."""
    _PULLS.labels(vendor, "failed").inc()


def tell(standing: Sequence[Standing]) -> None:
    """How all pulls stand. A shop system that has no connection any more is no longer told of."""
    gauges = (_CONNECTIONS, _FAILING, _LAG, _LATE)
    for gauge in gauges:
        gauge.clear()
    for one in standing:
        for gauge, value in zip(gauges, (one.connections, one.failing, one.seconds, one.late or 0.0), strict=True):
            gauge.labels(one.vendor).set(value)
