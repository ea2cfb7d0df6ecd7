"""What Prometheus is told of deliveries, never by shop."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from services.loyalty.entitlements.domain import State
from services.loyalty.entitlements.store import Standing

_ATTEMPTS = Counter(
    "mandegar_entitlement_attempts", "Attempts to tell of an entitlement: delivered, retried or failed", ["outcome"]
)
_WAITING = Gauge("mandegar_entitlement_waiting", "Deliveries of entitlements that wait")
_LATE = Gauge("mandegar_entitlement_overdue_seconds", "By how much a delivery is overdue that nobody is at: the latest")
_FAILED = Gauge("mandegar_entitlement_failed", "Deliveries of entitlements that were given up")
_GONE = Gauge("mandegar_entitlement_endpoints_gone", "Endpoints that want no more webhooks")
_WORDS = {State.DELIVERED: "delivered", State.WAITING: "retried", State.FAILED: "failed"}


def note_attempt(state: State) -> None:
    """An attempt ended."""
    _ATTEMPTS.labels(_WORDS[state]).inc()


def tell(standing: Standing) -> None:
    """How all of them stand."""
    _WAITING.set(standing.waiting)
    _LATE.set(standing.late)
    _FAILED.set(standing.failed)
    _GONE.set(standing.gone)
