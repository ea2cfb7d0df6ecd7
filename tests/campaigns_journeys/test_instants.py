"""What a journey takes as the instant of an event: when it came to be so, not when its cause lay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from services.campaigns.journeys import events
from tests.campaigns.ground import stage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MIDNIGHT = NOON.replace(hour=0)


@pytest.mark.parametrize(
    ("time", "effective", "expected"),
    [
        (NOON - timedelta(days=30), MIDNIGHT, MIDNIGHT),  # an order of last month comes, by which somebody lapses today
        (NOON, MIDNIGHT, NOON),  # an order of noon, by which somebody is active on that day
        (NOON, UNSET, NOON),
    ],
)
def test_a_lapse_that_an_old_order_brings_to_light_is_of_the_day_of_the_lapse(
    time: datetime, effective: datetime | UnsetType, expected: datetime
) -> None:
    event = replace(stage(1, 1, "active", 0), time=time, effectiveat=effective)
    heard = events.of_stage(event)
    assert heard is not None
    happening = events.happening_of(heard, event, 1, 0)
    assert happening is not None and happening.at == expected
