"""Domain → contract."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.campaigns.reports.domain import Known, Receipt, What
from shared.contracts import campaigns
from shared.contracts.envelope import message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id
from shared.messaging.handling import OutboxKey

SOURCE = "mandegar/campaigns"
_FORMS: dict[What, Any] = {
    What.DELIVERED: campaigns.MessageDelivered,
    What.BOUNCED: campaigns.MessageBounced,
    What.OPENED: campaigns.MessageOpened,
    What.CLICKED: campaigns.MessageClicked,
    What.COMPLAINED: campaigns.MessageComplained,
}


def key_of(known: Known) -> OutboxKey:
    """Under which it is told."""
    return OutboxKey(ShopId(known.shop), message_key(known.slug, _name(known)))


def told(receipt: Receipt, known: Known, now: datetime, sequence: int) -> campaigns.CampaignsMessageEvent:
    """What came of a message."""
    one = receipt.report
    data = campaigns.MessageReceipt(
        **known.about,
        customer=_name(known),
        at=one.at,
        reason=one.code,
        hard=one.hard,
        machine=one.machine,
        link=None if one.link < 0 else one.link,
    )
    form = _FORMS[one.what]
    kind = form.__struct_config__.tag
    # A bounce may be told twice: for the time being, and then for good.
    cause = "\x1f".join(str(part) for part in (*receipt.key, *((one.hard,) if one.hard else ())))
    event: campaigns.CampaignsMessageEvent = form(
        id=derive_event_id(int(now.timestamp() * 1000), known.slug, cause, kind),
        source=SOURCE,
        subject=_name(known),
        time=now,
        shop=known.slug,
        sequence=sequence,
        correlationid=receipt.message,
        receivedat=now,
        data=data,
    )
    return event


def _name(known: Known) -> str:
    return customer_id_text(CustomerId(known.customer))
