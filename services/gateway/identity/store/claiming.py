"""Identify the customers of a batch, and claim what is new, against other workers who do the same at that moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import asyncpg

from services.gateway.identity.domain import Claim, Known, Recognition, people_to_lock, recognise
from services.gateway.identity.domain.joining import PersonKey
from services.gateway.identity.domain.people import Person
from services.gateway.identity.store.reading import (
    identities_of,
    load_apart,
    load_order_owners,
    load_owners,
    lock_people,
)
from services.gateway.identity.store.writing import claim_aliases, create_people, share_aliases
from shared.kernel import CustomerId

_ROUNDS_MAX = 16


class ClaimLost(TimeoutError):
    """Other workers took the same new identifiers first, many times in a row: the batch is to be tried again.

    A TimeoutError, so that the runtime takes it for a passing trouble and looks for no event at fault.
    """


async def identify(
    conn: asyncpg.Connection[Any], claims: Sequence[Claim], draw: Callable[[], CustomerId]
) -> Recognition:
    """Decide whose the claims are. New customers and identifiers are inserted, and known ones locked, on return.

    Call it before `lock_keys`, and `save` after it. One round:

    1. read the aliases, without locks: an alias is never given to somebody else, and taken away, or made nobody's, only
       with the customer's lock held
    2. lock the customers that the decision may change, with all identities of each, sorted; read them. Was one of them
       erased meanwhile, begin again: their identifiers lead nowhere now
    3. decide (`recognise`, pure)
    4. insert new customers, then new aliases, both sorted. Where another transaction is inserting the same alias,
       PostgreSQL makes us wait for its end.
    5. was one of them taken, back to the savepoint, which lets go of all rows, and begin again: what the other one
       wrote is now read in step 1.

    So every transaction takes customers before aliases before outbox keys, each sorted, and there is no circle of
    waiting. What holds on return, until the transaction ends: no other transaction gives one of these identifiers
    to somebody else, or writes one of these customers. Raises ClaimLost after too many rounds.
    """
    orders = await load_order_owners(conn, claims)
    for _ in range(_ROUNDS_MAX):
        owners = await load_owners(conn, claims)
        await conn.execute("SAVEPOINT identify")
        wanted = people_to_lock(claims, owners)
        people = await lock_whole(conn, wanted)
        if people is None or not people.keys() >= set(wanted):  # somebody was merged or erased meanwhile
            await _go_back(conn)
            continue
        known = Known(owners, people, orders, await load_apart(conn, list(people)))
        recognition = recognise(claims, known, draw)
        if await create_people(conn, recognition.created.values()) and await claim_aliases(conn, recognition.aliases):
            await share_aliases(conn, recognition.shared)
            await conn.execute("RELEASE SAVEPOINT identify")
            return recognition
        await _go_back(conn)
    raise ClaimLost(f"identifiers of this batch were taken by other workers {_ROUNDS_MAX} times in a row")


async def lock_whole(conn: asyncpg.Connection[Any], keys: Sequence[PersonKey]) -> dict[PersonKey, Person] | None:
    """Lock customers and all that are one person with them. None: others came to be so before the locks were had.

    Whoever merges or undoes a merge holds all identities of both sides, so what holds on return stays.
    """
    every = await identities_of(conn, keys)
    people = await lock_people(conn, every)
    return people if set(await identities_of(conn, keys)) <= set(every) else None


async def _go_back(conn: asyncpg.Connection[Any]) -> None:
    await conn.execute("ROLLBACK TO SAVEPOINT identify")
    await conn.execute("RELEASE SAVEPOINT identify")
