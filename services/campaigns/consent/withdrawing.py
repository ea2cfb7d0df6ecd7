"""Withdrawals that come another way than over a page: a complaint of spam, a stop by text message.

Kept as those of pages are, and told to gateway, which keeps the evidence. Said again they are nothing new. In two
steps, since keys of the outbox are locked between: after consents are held, and before any is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import asyncpg

from services.campaigns import audience
from services.campaigns.consent import store
from services.campaigns.consent.domain import EVERY_PURPOSE, Choice, Word, means_something, newest, said
from services.campaigns.consent.events import key_of, stated
from shared import pointers
from shared.contracts import topics
from shared.contracts.consents import Channel
from shared.messaging.handling import OutboxKey, Transaction


class Withdrawal(NamedTuple):
    """Somebody wants no more messages of a channel, for any purpose."""

    shop: int
    slug: str
    customer: int
    channel: str
    at: datetime
    source: str
    evidence: str
    """Ids only."""


class Withdrawn(NamedTuple):
    """One that changed what holds, and is to be told."""

    withdrawal: Withdrawal
    word: Word

    @property
    def key(self) -> OutboxKey:
        """Under which it is told."""
        return key_of(self.word, self.withdrawal.slug)


async def withdrawn(conn: asyncpg.Connection[Any], wanted: Sequence[Withdrawal]) -> list[Withdrawn]:
    """Of withdrawals, in the order in which they were said, those that change what holds. Nothing is written; profiles
    are locked, then consents. Of who is erased nothing is kept."""
    if not wanted:
        return []
    asked = {(one.shop, one.customer) for one in wanted}
    await audience.lock_profiles(conn, asked)
    left = asked - await audience.erased_among(conn, asked)
    whose = await pointers.identities_of_all(conn, left)
    everybody = {(shop, one) for (shop, _), (_, all_) in whose.items() for one in all_}
    await store.lock(conn, everybody)
    words = await store.words_of(conn, everybody)
    found: list[Withdrawn] = []
    for one in sorted(wanted, key=lambda one: (one.at, one)):
        if (one.shop, one.customer) not in left:
            continue
        _, identities = whose[one.shop, one.customer]
        own = [word for word in words if word.shop == one.shop and word.customer in identities]
        choice = Choice(cast(Channel, one.channel), EVERY_PURPOSE, "withdrawn")
        if means_something(own, choice, one.at):
            word = said((one.shop, one.slug), one.customer, choice, one.at, one.source)
            words.append(word)
            found.append(Withdrawn(one, word))
    return found


async def withdraw(tx: Transaction, found: Sequence[Withdrawn]) -> None:
    """Keep them, and tell gateway. Their keys must be locked."""
    await store.save(tx.conn, list(newest(one.word for one in found).values()))
    for one in found:
        event = stated(one.word, one.withdrawal.slug, one.withdrawal.evidence, tx.sequence(one.key))
        tx.publish(topics.CAMPAIGNS_STATEMENTS, one.key, event)
