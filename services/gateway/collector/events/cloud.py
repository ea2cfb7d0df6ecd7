"""CloudEvents 1.0 in JSON: the form of the raw topics, from shops that speak it themselves."""

from __future__ import annotations

from datetime import datetime

import msgspec

from services.gateway.collector.domain import Moment, Refused
from services.gateway.collector.events.messages import (
    ORDER_NAMES,
    Desk,
    Message,
    Said,
    explain,
    interaction_message,
    order_message,
    refused,
)
from services.gateway.intake import Refusal
from shared.contracts.raw_interactions import RawInteraction
from shared.contracts.raw_orders import RawOrder

_ATTRIBUTES = {name: name for name in ("id", "type", "time", "source")}
_OURS = "mandegar/"


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The attributes that count. Extensions of the sender's own are not carried on."""

    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    data: msgspec.Raw
    shop: str = ""
    origin: str = "live"
    datacontenttype: str = "application/json"


_events = msgspec.json.Decoder(CloudEvent)
_orders = msgspec.json.Decoder(RawOrder)
_interactions = msgspec.json.Decoder(RawInteraction)


def read_cloud(desk: Desk, body: bytes | msgspec.Raw) -> Message:
    """One event as a message. Raises Refused."""
    try:
        event = _events.decode(body)
    except msgspec.ValidationError as error:
        raise explain(error) from None
    _check(event, desk)
    said = Said(event.id, event.type, event.source, Moment(event.time, is_said=True))
    try:
        if " ".join(event.type.casefold().split()) in ORDER_NAMES:
            return order_message(desk, said, _orders.decode(event.data))
        return interaction_message(desk, said, _interactions.decode(event.data))
    except msgspec.ValidationError as error:
        raise explain(error, "data") from None
    except Refusal as refusal:
        raise refused(refusal, _ATTRIBUTES, "data") from None


def _check(event: CloudEvent, desk: Desk) -> None:
    if event.specversion != "1.0":
        raise Refused("specversion", "must be 1.0")
    if not event.id.strip():
        raise Refused("id", "is empty")
    if not event.source.strip() or event.source.startswith(_OURS):
        raise Refused("source", f"names who says so, and does not begin with {_OURS}")
    if event.shop not in ("", desk.rules.shop.slug):
        raise Refused("shop", "is not the shop of the key; leave it out")
    if event.origin != "live":
        raise Refused("origin", "must be live; history comes by `mandegar replay`")
    if event.datacontenttype.partition(";")[0].strip().lower() != "application/json":
        raise Refused("datacontenttype", "must be application/json")
