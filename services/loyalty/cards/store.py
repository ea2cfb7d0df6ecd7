"""Every query of the slice."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import asyncpg

from services.loyalty.cards.domain import Card, Kind, State
from shared.db import Reads

_COLUMNS = "number, customer, kind, state, issued_at, changed_at, replaced_by"
_ONE = f"SELECT {_COLUMNS} FROM card WHERE shop = $1 AND number = $2"  # noqa: S608 - column names of our own
# The card that took another's place at the same instant comes behind it.
_OF = f"""
SELECT {_COLUMNS} FROM card WHERE shop = $1 AND customer = ANY($2::bigint[])
ORDER BY issued_at, replaced_by = '', number LIMIT $3
"""  # noqa: S608 - column names of our own
# A number that was drawn twice is drawn anew.
_ADD = """
INSERT INTO card (shop, number, customer, kind, state, issued_at, changed_at, replaced_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (shop, number) DO NOTHING RETURNING number
"""
_SAVE = "UPDATE card SET state = $3, changed_at = $4, replaced_by = $5 WHERE shop = $1 AND number = $2"
_LINKED = "SELECT customer, linked_at FROM bank_card WHERE shop = $1 AND token = $2"
_LINK = """
INSERT INTO bank_card AS b (shop, token, customer, linked_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (shop, token) DO UPDATE SET customer = excluded.customer, linked_at = excluded.linked_at
WHERE b.customer <> excluded.customer
"""
_UNLINK = "DELETE FROM bank_card WHERE shop = $1 AND token = $2 AND customer = ANY($3::bigint[]) RETURNING 1"
_LINKS = "SELECT linked_at FROM bank_card WHERE shop = $1 AND customer = ANY($2::bigint[]) ORDER BY linked_at"
_FORGET = """
WITH cards AS (DELETE FROM card WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING 1),
     tokens AS (DELETE FROM bank_card WHERE shop = $1 AND customer = ANY($2::bigint[]) RETURNING 1)
SELECT (SELECT count(*) FROM cards) AS cards, (SELECT count(*) FROM tokens) AS bank_cards
"""
CARDS_MAX = 200


async def card_of(reads: Reads, shop: int, number: str, *, lock: bool = False) -> Card | None:
    """One card. `lock`: nobody else changes it until the transaction ends."""
    row = await reads.fetchrow(_ONE + (" FOR UPDATE" if lock else ""), shop, number)
    return None if row is None else _card(row)


async def cards_of(reads: Reads, shop: int, people: Collection[int]) -> list[Card]:
    """All cards of these identities, the oldest first."""
    return [_card(row) for row in await reads.fetch(_OF, shop, sorted(people), CARDS_MAX)]


async def add(conn: asyncpg.Connection[Any], shop: int, card: Card) -> bool:
    """A new card; False when there is one of this number."""
    given = (int(card.kind), int(card.state), card.issued_at, card.changed_at, card.replaced_by)
    return await conn.fetchrow(_ADD, shop, card.number, card.customer, *given) is not None


async def save(conn: asyncpg.Connection[Any], shop: int, card: Card) -> None:
    """Write a card that is locked."""
    await conn.execute(_SAVE, shop, card.number, int(card.state), card.changed_at, card.replaced_by)


async def linked(reads: Reads, shop: int, token: bytes) -> int | None:
    """To whom a bank card is linked."""
    row = await reads.fetchrow(_LINKED, shop, token)
    return None if row is None else int(row["customer"])


async def link(conn: asyncpg.Connection[Any], shop: int, token: bytes, customer: int, now: datetime) -> None:
    """A bank card identifies this customer from now on, whomever it did before."""
    await conn.execute(_LINK, shop, token, customer, now)


async def unlink(conn: asyncpg.Connection[Any], shop: int, token: bytes, people: Collection[int]) -> bool:
    """It identifies them no longer; False when it did not."""
    return await conn.fetchrow(_UNLINK, shop, token, sorted(people)) is not None


async def links(reads: Reads, shop: int, people: Collection[int]) -> list[datetime]:
    """When bank cards of these identities were linked."""
    return [row["linked_at"] for row in await reads.fetch(_LINKS, shop, sorted(people))]


async def forget(conn: asyncpg.Connection[Any], shop: int, customers: Collection[int]) -> Mapping[str, int]:
    """Delete the cards and tokens of these customers; how many went, by kind."""
    row = await conn.fetchrow(_FORGET, shop, sorted(customers))
    return {} if row is None else {name: count for name, count in row.items() if count}


def _card(row: asyncpg.Record) -> Card:
    return Card(
        row["number"],
        row["customer"],
        Kind(row["kind"]),
        State(row["state"]),
        row["issued_at"],
        row["changed_at"],
        row["replaced_by"],
    )
