"""Who belongs: what versions hold, whom they hold for, who was a member before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import asyncpg
import msgspec

from services.campaigns.segments.compiling import Compiled
from services.campaigns.segments.domain.condition import Age, Condition, nodes, parse, timed
from services.campaigns.segments.domain.judging import day_at, ends_on, turn_of_ages
from shared.db import Reads
from shared.kernel import Zone

_SPACE = 0x73656767
_HOLD = "SELECT pg_advisory_xact_lock_shared($1, s) FROM unnest($2::int[]) AS s"
_HOLD_ALONE = "SELECT pg_advisory_xact_lock($1, $2)"
_STANDING = """
SELECT v.shop, v.segment, v.version, v.condition::text AS condition
FROM segment s JOIN segment_version v ON v.shop = s.shop AND v.segment = s.id AND v.version = s.version
WHERE s.shop = ANY($1::smallint[]) ORDER BY v.shop, v.segment
"""
_MEMBERS = """
SELECT segment, customer FROM segment_member
WHERE shop = $1 AND customer = ANY($2::bigint[]) AND segment = ANY($3::text[])
"""
_ENTER = """
INSERT INTO segment_member (shop, segment, customer, version, since)
SELECT $1, n.segment, n.customer, n.version, $5
FROM unnest($2::text[], $3::bigint[], $4::int[]) AS n (segment, customer, version)
"""
_LEAVE = """
DELETE FROM segment_member m USING unnest($2::text[], $3::bigint[]) AS n (segment, customer)
WHERE m.shop = $1 AND m.segment = n.segment AND m.customer = n.customer
"""
_OF = "SELECT segment, since, version FROM segment_member WHERE shop = $1 AND customer = $2 ORDER BY segment"
_PAGE = """
SELECT customer, since, version FROM segment_member
WHERE shop = $1 AND segment = $2 AND customer > $3 ORDER BY customer LIMIT $4
"""
_COUNT = "SELECT count(*) AS members FROM segment_member WHERE shop = $1 AND segment = $2"
_TOGETHER = 40
"""Conditions of one statement, which may name 32,767 arguments and takes longer to plan the more it has."""


class Standing(NamedTuple):
    """A version that holds."""

    shop: int
    segment: str
    version: int
    condition: Condition


class Verdict(NamedTuple):
    """What conditions say of a person."""

    person: int
    segments: frozenset[str]
    """To which they belong."""
    turn: int | None
    """The first day of the shop after today on which that may change by itself."""


class Member(NamedTuple):
    """Somebody who belongs."""

    customer: int
    since: datetime
    version: int


class Membership(NamedTuple):
    """What somebody belongs to."""

    segment: str
    since: datetime
    version: int


async def hold(conn: asyncpg.Connection[Any], shops: Collection[int], *, alone: bool = False) -> None:
    """Until the transaction ends, no version of these shops begins to be made for everybody."""
    for shop in sorted(shops) if alone else ():
        await conn.fetch(_HOLD_ALONE, _SPACE, shop)
    if not alone:
        await conn.fetch(_HOLD, _SPACE, sorted(shops))


async def standing(reads: Reads, shops: Collection[int]) -> dict[int, list[Standing]]:
    """The versions that hold, by shop; a shop without any is left out."""
    found: dict[int, list[Standing]] = {}
    for shop, segment, version, condition in await reads.fetch(_STANDING, sorted(shops)):
        found.setdefault(shop, []).append(Standing(shop, segment, version, read_condition(condition)))
    return found


@lru_cache(maxsize=1024)
def read_condition(text: str) -> Condition:
    """As a table keeps it."""
    return parse(msgspec.json.decode(text))


class Asking(NamedTuple):
    """Where and as of when."""

    shop: int
    zone: Zone
    today: int
    """The shop's local day."""


async def verdicts(
    reads: Reads, asking: Asking, conditions: Sequence[Standing], persons: Collection[int]
) -> list[Verdict]:
    """What these conditions say of persons, named as they are counted; those of whom nothing is known are left out."""
    asked = sorted(persons)
    found: dict[int, Verdict] = {}
    for at in range(0, len(conditions), _TOGETHER):
        part = conditions[at : at + _TOGETHER]
        compiled = Compiled(asking.zone, asking.today)
        each = [compiled.condition(one.condition) for one in part]
        aging = [one.condition for one in part if timed(one.condition)]
        moments = sorted({node.since for one in aging for node in nodes(one) if isinstance(node, Age)})
        chosen = ["w.person", f"ARRAY[{', '.join(f'NOT w.erased AND {one}' for one in each)}] AS verdicts"]
        chosen.append(f"ARRAY[{', '.join(map(compiled.column, moments))}]::timestamptz[] AS instants")
        chosen.append(f"ARRAY[{', '.join(one.at for one in compiled.windows)}]::timestamptz[] AS oldest")
        for person, said, instants, oldest in await reads.fetch(
            compiled.statement(chosen), asking.shop, asked, *compiled.arguments
        ):
            segments = frozenset(one.segment for one, yes in zip(part, said, strict=True) if yes)
            days = {
                name: None if at is None else day_at(asking.zone, at)
                for name, at in zip(moments, instants, strict=True)
            }
            turns = [turn_of_ages(aging, days, asking.today)]
            turns += [
                None if at is None else ends_on(day_at(asking.zone, at), window.days)
                for window, at in zip(compiled.windows, oldest, strict=True)
            ]
            one = Verdict(person, segments, _first(turns))
            found[person] = _both(found[person], one) if person in found else one
    return list(found.values())


def _both(one: Verdict, other: Verdict) -> Verdict:
    return Verdict(one.person, one.segments | other.segments, _first([one.turn, other.turn]))


def _first(turns: Iterable[int | None]) -> int | None:
    return min((turn for turn in turns if turn is not None), default=None)


async def members_among(
    reads: Reads, shop: int, customers: Collection[int], segments: Collection[str]
) -> set[tuple[str, int]]:
    """(segment, customer) of those who belong."""
    rows = await reads.fetch(_MEMBERS, shop, sorted(customers), sorted(segments))
    return {(row["segment"], row["customer"]) for row in rows}


async def enter(
    conn: asyncpg.Connection[Any], shop: int, entering: Iterable[tuple[str, int, int]], since: datetime
) -> None:
    """(segment, customer, version) of those who belong now."""
    if rows := sorted(entering):
        await conn.execute(_ENTER, shop, *(list(column) for column in zip(*rows, strict=True)), since)


async def leave(conn: asyncpg.Connection[Any], shop: int, leaving: Iterable[tuple[str, int]]) -> None:
    """(segment, customer) of those who belong no longer."""
    if rows := sorted(leaving):
        await conn.execute(_LEAVE, shop, *(list(column) for column in zip(*rows, strict=True)))


async def memberships_of(reads: Reads, shop: int, customer: int) -> list[Membership]:
    """What somebody belongs to."""
    return [Membership(*row) for row in await reads.fetch(_OF, shop, customer)]


async def page(reads: Reads, shop: int, segment: str, after: int, most: int) -> list[Member]:
    """Members in the order of their ids."""
    return [Member(*row) for row in await reads.fetch(_PAGE, shop, segment, after, most)]


async def count(reads: Reads, shop: int, segment: str) -> int:
    """How many there are."""
    row = await reads.fetchrow(_COUNT, shop, segment)
    return 0 if row is None else int(row["members"])
