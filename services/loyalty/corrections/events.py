"""Contract → domain: requests of services."""

from __future__ import annotations

from msgspec import UNSET

from services.loyalty.points import Adjust, Cause, Who
from shared.contracts.loyalty_requests import PointsRequested
from shared.kernel import parse_customer_id, us_of


def operation_of(event: PointsRequested, shop: int, day: int, expires_day: int, partition: int) -> Adjust:
    """Points that a service asks for. `expires_day`: the programme's. ValueError names the field that is of no use."""
    data = event.data
    try:
        customer = int(parse_customer_id(data.customer))
    except ValueError:
        raise ValueError("data.customer: a surrogate id is needed") from None
    cause = Cause(
        us_of(event.time),
        event_id=event.id,
        correlation="" if event.correlationid is UNSET else event.correlationid,
        origin=event.origin,
        reason=data.reason,
        actor=f"service:{event.source.rpartition('/')[2]}",
    )
    return Adjust(Who(shop, customer), f"request:{data.id}", data.points, cause, day, expires_day, partition)
