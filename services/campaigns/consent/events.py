"""Contract ↔ domain: what gateway tells of consents, and what people said here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from services.campaigns.consent.domain import Word, newest
from shared.contracts.campaigns import ConsentStated, Statement
from shared.contracts.consents import Channel, ConsentChanged, ConsentState
from shared.kernel import CustomerId, customer_id_text, derive_event_id, parse_customer_id
from shared.messaging.handling import Delivery

SOURCE = "mandegar/campaigns"
Refuse = Callable[[Delivery[Any], str, str], None]


def read_consents(
    deliveries: Sequence[Delivery[ConsentChanged]], numbers: Mapping[str, int], refuse: Refuse
) -> list[Word]:
    """What a batch tells, of each channel and purpose the last word."""
    words: list[Word] = []
    for delivery in deliveries:
        data, shop = delivery.event.data, numbers[delivery.event.shop]
        try:
            customer = int(parse_customer_id(data.customer))
        except ValueError:
            refuse(delivery, "customer", "data.customer: a surrogate id is needed")
            continue
        words += [
            Word(shop, customer, one.channel, one.purpose, one.state, one.occurred_at, one.record, one.source)
            for one in data.consents
        ]
    return list(newest(words).values())


def stated(word: Word, slug: str, message: str, sequence: int) -> ConsentStated:
    """For gateway, which keeps it with its evidence."""
    customer = customer_id_text(CustomerId(word.customer))
    return ConsentStated(
        id=derive_event_id(int(word.occurred_at.timestamp() * 1000), slug, word.record, "consent.stated"),
        source=SOURCE,
        subject=customer,
        time=word.occurred_at,
        shop=slug,
        sequence=sequence,
        receivedat=word.occurred_at,
        data=Statement(
            customer=customer,
            channel=cast(Channel, word.channel),
            purpose=word.purpose,
            state=cast(ConsentState, word.state),
            occurred_at=word.occurred_at,
            source=word.source,
            evidence=f"link in message {message}",
        ),
    )
