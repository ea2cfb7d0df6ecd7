"""campaigns.statements.v1: what customers said of messages on pages and by one click, kept as evidence here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import UNSET

from services.gateway import identity
from services.gateway.consents.domain import EVERY_PURPOSE, Statement, record_id
from services.gateway.consents.keeping import Said, keep
from shared.contracts.campaigns import ConsentStated
from shared.contracts.envelope import Origin
from shared.kernel import ShopId, parse_customer_id
from shared.messaging.handling import Delivery, Work

_FUTURE_SECONDS_MAX = 300


class _Event(NamedTuple):
    """The statement's event, as a cause."""

    shop: str
    cause: str
    cause_id: str
    occurred: datetime
    received: datetime
    origin: Origin

    @property
    def occurred_ms(self) -> int:
        return int(self.occurred.timestamp() * 1000)


async def heed_statements(work: Work, deliveries: Sequence[Delivery[ConsentStated]]) -> None:
    """The handler: keep what was said, and tell what holds now."""
    said = [one for delivery in deliveries if (one := _read(work, delivery)) is not None]
    keys = [identity.customer_key(one.shop, one.by.shop, one.statement.customer) for one in said]
    await work.tx.lock_keys(Counter(keys))
    for key, kept in zip(keys, await keep(work.tx, said), strict=True):
        kept.publish(work.tx, key, work.tx.sequence(key))


def _read(work: Work, delivery: Delivery[ConsentStated]) -> Said | None:
    event = delivery.event
    data, shop = event.data, ShopId(work.shop(event.shop).number)
    try:
        customer = parse_customer_id(data.customer)
    except ValueError:
        work.refuse(delivery, "customer", "data.customer: a surrogate id is needed")
        return None
    if (data.occurred_at - work.tx.now).total_seconds() > _FUTURE_SECONDS_MAX:
        work.refuse(delivery, "future", "data.occurred_at: lies more than 5 minutes ahead")
        return None
    if data.purpose == EVERY_PURPOSE and data.state != "withdrawn":
        work.refuse(delivery, "purpose", "data.purpose: consent is given for one purpose; name it")
        return None
    statement = Statement(
        customer, data.channel, data.purpose, data.state, data.occurred_at, data.source, "", data.evidence
    )
    received = event.time if event.receivedat is UNSET else event.receivedat
    by = _Event(event.shop, f"{event.source}\x1f{event.id}", event.id, event.time, received, event.origin)
    return Said(shop, statement._replace(record=record_id(event.shop, statement)), by)
