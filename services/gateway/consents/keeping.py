"""What events say of consents, kept in their transaction; the event is the proof.

Whoever unsubscribes, or calls a message spam, takes the consent of that channel back, for every purpose. What was said
later, such as a new consent, stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.gateway import identity
from services.gateway.consents import store
from services.gateway.consents.domain import EVERY_PURPOSE, Statement, changes, record_id, standing
from services.gateway.consents.events import consent_said
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


class Said(NamedTuple):
    """A statement that an event makes."""

    shop: ShopId
    statement: Statement
    by: Cause


class Kept(NamedTuple):
    """What a statement has changed."""

    said: Said
    holds: list[Statement]
    changed: list[str]

    def publish(self, tx: Transaction, key: OutboxKey, sequence: int) -> None:
        """Tell what holds now, if it is something else."""
        if self.changed:
            by, customer = self.said.by, self.said.statement.customer
            event = consent_said(by, customer, self.holds, changed=self.changed, sequence=sequence)
            tx.publish(topics.CONSENTS, key, event)


async def withdraw(tx: Transaction, wanted: Sequence[Withdrawal]) -> list[Kept]:
    """Keep withdrawals, in their order; what each changed. Keys of the customers must be locked."""
    return await keep(tx, [Said(one.shop, one.statement(), one.by) for one in wanted])


async def keep(tx: Transaction, wanted: Sequence[Said]) -> list[Kept]:
    """Keep statements, in their order; what each changed. Keys of the customers must be locked."""
    if not wanted:
        return []
    keys = sorted({(one.shop, one.statement.customer) for one in wanted})
    gone = await identity.erased_among(tx.conn, keys)
    known = await store.statements_of_all(tx.conn, keys)
    said = [(one.shop, one.statement) for one in wanted if (one.shop, one.statement.customer) not in gone]
    new = await store.add_all(tx.conn, said, tx.now) if said else set()
    done = []
    for one in wanted:
        statement = one.statement
        before = standing(known[one.shop, statement.customer])
        if (one.shop, statement.customer, statement.record) in new:
            known[one.shop, statement.customer].append(statement)
        holds = standing(known[one.shop, statement.customer])
        done.append(Kept(one, holds, changes(before, holds)))
    return done
