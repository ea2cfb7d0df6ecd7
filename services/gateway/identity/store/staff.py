"""Merges and their undoing by staff, and what is known of a person's identities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.gateway.identity.domain.joining import Groups, Join, PersonKey, Reason, pair_of
from services.gateway.identity.domain.people import Person
from services.gateway.identity.events import customer_key, joined_by_staff
from services.gateway.identity.store.claiming import lock_whole
from services.gateway.identity.store.writing import forget_conflicts, note_conflicts, note_joins, update_people
from shared.contracts import topics
from shared.db import Reads
from shared.kernel import CustomerId, ShopId
from shared.messaging.handling import Transaction

_ROUNDS_MAX = 16
LISTED_MAX = 200

_IDENTITIES = """
SELECT m.customer, m.canonical, m.merged_into, m.shop_customer_id IS NOT NULL AS has_id, m.created_at
FROM customer c
JOIN LATERAL (
    SELECT o.* FROM customer o WHERE o.shop = c.shop AND o.canonical = c.canonical AND o.canonical <> o.customer
    UNION ALL SELECT o.* FROM customer o WHERE o.shop = c.shop AND o.customer = c.canonical
) m ON true
WHERE c.shop = $1 AND c.customer = $2
ORDER BY m.customer
"""
_DONE = """
SELECT customer, other, action, reason, done_by, done_at FROM customer_join
WHERE shop = $1 AND customer = ANY($2::bigint[])
ORDER BY id DESC LIMIT $3
"""
_CONFLICTS = """
SELECT customer, other, reason, noted_at FROM (
    SELECT * FROM customer_conflict WHERE shop = $1 AND customer = ANY($2::bigint[])
    UNION SELECT * FROM customer_conflict WHERE shop = $1 AND other = ANY($2::bigint[])
) found
ORDER BY noted_at DESC, customer, other, reason LIMIT $3
"""


_OF_SHOP = """
SELECT customer, other, reason, noted_at FROM customer_conflict
WHERE shop = $1 AND reason <> 'kept_apart' AND (customer, other, reason) > ($2, $3, $4)
ORDER BY customer, other, reason LIMIT $5
"""


class Identity(NamedTuple):
    """One identity of a person."""

    customer: int
    canonical: int
    merged_into: int | None
    has_id: bool
    """Whether the shop has given it a customer id; else it is a guest."""
    created_at: datetime


class Done(NamedTuple):
    """A merge or its undoing."""

    customer: int
    other: int
    action: str
    reason: str
    by: str
    at: datetime


class Conflict(NamedTuple):
    """Two whom an event named and who were not joined."""

    customer: int
    other: int
    reason: str
    at: datetime


class Whole(NamedTuple):
    """A person: all identities, what was merged, and what was not."""

    identities: list[Identity]
    done: list[Done]
    conflicts: list[Conflict]


class Why(NamedTuple):
    """Where, who asked for it, and why."""

    shop: str
    """Its slug."""
    by: str
    reason: str


class Busy(TimeoutError):
    """Others merged the same people again and again: try again."""


async def load_person(reads: Reads, shop: ShopId, customer: CustomerId) -> Whole | None:
    """The person that a customer is; None where there is no such customer."""
    identities = [Identity(*row) for row in await reads.fetch(_IDENTITIES, shop, customer)]
    if not identities:
        return None
    every = [one.customer for one in identities]
    done = [Done(*row) for row in await reads.fetch(_DONE, shop, every, LISTED_MAX)]
    conflicts = [Conflict(*row) for row in await reads.fetch(_CONFLICTS, shop, every, LISTED_MAX)]
    return Whole(identities, done, conflicts)


async def load_conflicts(reads: Reads, shop: ShopId, after: tuple[int, int, str], limit: int) -> list[Conflict]:
    """Whom events named together in a shop and did not join, behind a place; staff have not decided on them."""
    return [Conflict(*row) for row in await reads.fetch(_OF_SHOP, shop, *after, limit)]


async def lock_groups(tx: Transaction, keys: Sequence[PersonKey]) -> dict[PersonKey, Person]:
    """Customers with all identities of each, locked until the transaction ends."""
    for _ in range(_ROUNDS_MAX):
        await tx.conn.execute("SAVEPOINT joining")
        people = await lock_whole(tx.conn, sorted(set(keys)))
        if people is not None:
            await tx.conn.execute("RELEASE SAVEPOINT joining")
            return people
        await tx.conn.execute("ROLLBACK TO SAVEPOINT joining")
    raise Busy("identities of these people are being merged by others")


async def save_merge(tx: Transaction, groups: Groups, person: Person, into: Person, why: Why) -> None:
    """Merge, and tell whose pointers moved. Both people are locked whole."""
    pairs = {pair_of(one, other) for one in groups.of(person) for other in groups.of(into)}
    moved = groups.join(person, into)
    await _tell(tx, why.shop, moved, merged=True)
    await forget_conflicts(tx.conn, pairs)
    join = Join(person.shop, person.customer, into.customer)
    await note_joins(tx.conn, [(join, "merged", why.reason, why.by)])


async def save_unmerge(tx: Transaction, groups: Groups, person: Person, why: Why) -> None:
    """Undo the merge of one who is merged, and keep both apart from now on, whatever events say."""
    into = person.merged_into
    assert into is not None, "is merged"
    other = next(one for one in groups.of(person) if one.customer == into)
    await _tell(tx, why.shop, groups.part(person), merged=False)
    await note_conflicts(tx.conn, [(pair_of(person, other), Reason.KEPT_APART)])
    await note_joins(tx.conn, [(Join(person.shop, person.customer, into), "unmerged", why.reason, why.by)])


async def _tell(tx: Transaction, slug: str, moved: Sequence[Person], *, merged: bool) -> None:
    keys = {one.customer: customer_key(one.shop, slug, one.customer) for one in moved}
    await tx.lock_keys(dict.fromkeys(keys.values(), 1))
    await update_people(tx.conn, moved)
    for one in moved:
        key = keys[one.customer]
        event = joined_by_staff(one.profile(), slug, tx.now, tx.sequence(key), merged=merged)
        tx.publish(topics.CUSTOMERS, key, event)
