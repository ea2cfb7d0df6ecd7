"""Settings of gateway."""

from __future__ import annotations

from pydantic import Field

from shared.settings import PlatformSettings


class GatewaySettings(PlatformSettings):
    """What the collector needs, beyond what all share: `secret_key` also keys the fingerprints of identifiers."""

    collector_events_per_second: float = Field(
        5_000.0,
        gt=0,
        le=1_000_000,
        description="Events a second that one API key may send to the collector, a process.",
    )
    collector_burst_events: int = Field(
        20_000, ge=1, le=10_000_000, description="Events that one API key may send at once after a pause."
    )
    collector_linger_ms: float = Field(
        4.0, ge=0, le=100, description="How long events of many requests wait for each other, to go to Kafka together."
    )
    collector_queue_bytes_max: int = Field(
        67_108_864, ge=1_048_576, description="Bytes of events that wait for Kafka, at most; beyond it 503."
    )
    collector_wait_seconds_max: float = Field(
        4.0, gt=0, le=60, description="A request whose events Kafka has not acknowledged by then is answered with 503."
    )
    collector_origins: str = Field(
        "*", description="Origins whose pages may send events from the browser, separated by spaces; `*`: all."
    )
    pull_every_minutes: int = Field(
        15, ge=0, le=1440, description="How often orders are read from shop systems' APIs; 0: workers never do it."
    )
    pull_loopback: bool = Field(
        False, description="Lets shop systems' APIs be on this machine, over HTTP as well: for trying out alone."
    )
