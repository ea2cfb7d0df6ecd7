"""Contract ↔ domain: what gateway tells of consents, and what people said here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from services.campaigns.consent.domain import Word, newest
from shared.contracts.campaigns import ConsentStated, Statement
from shared.contracts.consents import Channel, ConsentChanged, ConsentState
from shared.contracts.envelope import message_key
from shared.kernel import CustomerId, ShopId, customer_id_text, derive_event_id
from shared.messaging.handling import Delivery, OutboxKey
from shared.messaging.naming import Refuse, named

SOURCE = "mandegar/campaigns"


def read_consents(
    deliveries: Sequence[Delivery[ConsentChanged]], numbers: Mapping[str, int], refuse: Refuse
) -> list[Word]:
    """What a batch tells, of each channel and purpose the last word."""
    words: list[Word] = []
    for key, delivery in named(deliveries, numbers, refuse):
        words += [
            Word(*key, one.channel, one.purpose, one.state, one.occurred_at, one.record, one.source)
            for one in delivery.event.data.consents
        ]
    return list(newest(words).values())


def key_of(word: Word, slug: str) -> OutboxKey:
    """Under which it is told what somebody said."""
    return OutboxKey(ShopId(word.shop), message_key(slug, customer_id_text(CustomerId(word.customer))))


def stated(word: Word, slug: str, evidence: str, sequence: int) -> ConsentStated:
    """For gateway, which keeps it with its evidence: ids only."""
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
            evidence=evidence,
        ),
    )
