"""What a committed batch adds to the metrics of a worker."""

from __future__ import annotations

import structlog

from shared.messaging.batch import CONTENT_DIFFERS, Outcome
from shared.telemetry import RuntimeMetrics

log = structlog.get_logger(__name__)


def count(metrics: RuntimeMetrics, outcome: Outcome, events: int) -> None:
    """Count a batch of so many events."""
    metrics.batch_events.observe(events)
    for stage, microseconds in outcome.times.as_dict().items():
        metrics.stage_seconds(stage).observe(microseconds / 1e6)
    for topic, handled in outcome.handled.items():
        metrics.events(topic).inc(handled)
    for topic, repeats in outcome.repeats.items():
        metrics.repeats(topic).inc(repeats)
    for refusal in outcome.refused:
        metrics.dead_letters(refusal.topic, refusal.reason).inc()
        if refusal.reason == CONTENT_DIFFERS:
            metrics.content_differs(refusal.topic).inc()
            log.error("one event id with two contents", topic=refusal.topic, offset=refusal.offset)
