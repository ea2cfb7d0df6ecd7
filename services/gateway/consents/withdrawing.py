"""Whoever unsubscribes, or calls a message spam, takes the consent of that channel back, for every purpose.

In the transaction of the event that says so, which is its proof. What was said later, such as a new consent, stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.gateway import identity
from services.gateway.consents import store
from services.gateway.consents.domain import EVERY_PURPOSE, Statement, changes, record_id, standing
from services.gateway.consents.events import consent_withdrawn
from services.gateway.identity import Cause
from shared.contracts import topics
from shared.contracts.consents import Channel
from shared.kernel import CustomerId, ShopId
from shared.messaging.handling import OutboxKey, Transaction


class Withdrawal(NamedTuple):
    """Somebody wants no more messages of a channel."""

    shop: ShopId
    customer: CustomerId
    channel: Channel
    source: str
    """Where it was said: `unsubscribe` or `spam-complaint`."""
    evidence: str
    by: Cause

    def statement(self) -> Statement:
        """As it is kept."""
        said = Statement(
            self.customer, self.channel, EVERY_PURPOSE, "withdrawn", self.by.occurred, self.source, "", self.evidence
        )
        return said._replace(record=record_id(self.by.shop, said))


class Withdrawn(NamedTuple):
    """What a withdrawal has changed."""

    withdrawal: Withdrawal
    holds: list[Statement]
    changed: list[str]

    def publish(self, tx: Transaction, key: OutboxKey, sequence: int) -> None:
        """Tell what holds now, if it is something else."""
        if self.changed:
            of = self.withdrawal
            event = consent_withdrawn(of.by, of.customer, self.holds, changed=self.changed, sequence=sequence)
            tx.publish(topics.CONSENTS, key, event)


async def withdraw(tx: Transaction, wanted: Sequence[Withdrawal]) -> list[Withdrawn]:
    """Keep withdrawals, in their order; what each changed. Keys of the customers must be locked."""
    if not wanted:
        return []
    keys = sorted({(one.shop, one.customer) for one in wanted})
    gone = await identity.erased_among(tx.conn, keys)
    known = await store.statements_of_all(tx.conn, keys)
    said = [(one.shop, one.statement()) for one in wanted if (one.shop, one.customer) not in gone]
    new = await store.add_all(tx.conn, said, tx.now) if said else set()
    done = []
    for one in wanted:
        statement = one.statement()
        before = standing(known[one.shop, one.customer])
        if (one.shop, one.customer, statement.record) in new:
            known[one.shop, one.customer].append(statement)
        holds = standing(known[one.shop, one.customer])
        done.append(Withdrawn(one, holds, changes(before, holds)))
    return done
